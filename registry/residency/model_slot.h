// What the manager keeps of one model. Internal to registry/.
#ifndef ASSAY_REGISTRY_RESIDENCY_MODEL_SLOT_H_
#define ASSAY_REGISTRY_RESIDENCY_MODEL_SLOT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "registry/catalog/catalog.h"
#include "registry/residency/loader.h"
#include "registry/residency/manager.h"

namespace assay::registry {

// Everything is guarded by the manager's mutex; `model` may be used without it while handles or
// visits are out.
struct ModelSlot {
  explicit ModelSlot(const ModelEntry& model_entry)
      : id(model_entry.id), entry(std::make_shared<const ModelEntry>(model_entry)) {}

  const std::string id;
  // A reload replaces it, at once where the loaded model stays what it is.
  std::shared_ptr<const ModelEntry> entry;
  // What the catalog says now, where the resident model is another; taken when that goes.
  std::shared_ptr<const ModelEntry> next_entry;
  ModelState state = ModelState::kNew;
  std::string reason;
  std::unique_ptr<ResidentModel> model;
  // Of `model`; as it, read without the mutex while handles are out.
  std::string revision;
  // Measured once resident; the estimate while it loads.
  int64_t bytes = 0;
  absl::Duration load_time;
  absl::Time loaded_at;
  // When a request last began or ended.
  absl::Time last_used = absl::InfinitePast();
  int handles = 0;
  int visits = 0;
  // Callers that wait for this model, the one that loads it included.
  int wanted = 0;
  // Counts finished loads; `load_result` is the last one's.
  int loads = 0;
  absl::Status load_result;
  std::vector<ProgressFn> progress;
  // Why it drains, or was unloaded last.
  UnloadCause cause = UnloadCause::kRequested;
  int64_t evictions = 0;
  // Takes the place of a resident model when it is ready, or has lost its own: nobody is told of
  // its states.
  bool quiet = false;
  // The catalog no longer has it: freed when its last handle goes.
  bool retired = false;

  bool IsLoading() const {
    return state == ModelState::kDownloading || state == ModelState::kLoading;
  }
  // Ready, and nobody uses it or is about to.
  bool IsIdle() const {
    return state == ModelState::kReady && handles == 0 && visits == 0 && wanted == 0;
  }
  // Draining so that others have room, and done with its requests.
  bool IsDrained() const {
    return state == ModelState::kDraining && cause != UnloadCause::kRequested && model != nullptr &&
           handles == 0 && visits == 0;
  }
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_RESIDENCY_MODEL_SLOT_H_
