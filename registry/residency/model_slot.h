// The manager's record of one model. Internal to registry/.
#ifndef ASSAY_REGISTRY_RESIDENCY_MODEL_SLOT_H_
#define ASSAY_REGISTRY_RESIDENCY_MODEL_SLOT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "registry/catalog/catalog.h"
#include "registry/residency/loader.h"
#include "registry/residency/model_state.h"

namespace assay::registry {

// The manager's mutex guards all members. `model` and `revision` may be read without the mutex
// while handles or visits exist.
struct ModelSlot {
  explicit ModelSlot(const ModelEntry& model_entry)
      : id(model_entry.id), entry(std::make_shared<const ModelEntry>(model_entry)) {}

  const std::string id;
  // The current entry. A reload replaces it at once if the change does not affect the loaded model.
  std::shared_ptr<const ModelEntry> entry;
  // The entry of the new catalog while the resident model still is that of the old one. It becomes
  // `entry` when the resident model is unloaded.
  std::shared_ptr<const ModelEntry> next_entry;
  ModelState state = ModelState::kNew;
  std::string reason;
  std::unique_ptr<ResidentModel> model;
  // The revision of `model`.
  std::string revision;
  // The measured bytes of a resident model; the estimate while it loads.
  int64_t bytes = 0;
  absl::Duration load_time;
  absl::Time loaded_at;
  // When a request last began or ended, as a date.
  absl::Time last_used = absl::InfinitePast();
  // The same two moments for decisions. A model that was never used counts from its load.
  SteadyTime resident_since = SteadyTime::InfinitePast();
  SteadyTime idle_since = SteadyTime::InfinitePast();
  int handles = 0;
  int visits = 0;
  // The number of callers that wait for this model, including the one that loads it.
  int waiters = 0;
  // The number of finished loads. `load_result` is the result of the last one.
  int loads = 0;
  absl::Status load_result;
  std::vector<ProgressFn> progress;
  // Why the model drains, or was last unloaded.
  UnloadCause cause = UnloadCause::kRequested;
  int64_t evictions = 0;
  // True if state changes are not reported to the listener: the slot replaces a resident model once
  // it is ready, or has been replaced by such a slot.
  bool quiet = false;
  // True if the catalog no longer has the model. It is freed when its last handle is released.
  bool retired = false;

  bool IsLoading() const {
    return state == ModelState::kDownloading || state == ModelState::kLoading;
  }
  // True if the model is ready and neither used nor about to be used.
  bool IsIdle() const {
    return state == ModelState::kReady && handles == 0 && visits == 0 && waiters == 0;
  }
  // True if the model has finished its requests and can be freed. False if Unload() frees it.
  bool IsDrained() const {
    return state == ModelState::kDraining && cause != UnloadCause::kRequested && model != nullptr &&
           handles == 0 && visits == 0;
  }
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_RESIDENCY_MODEL_SLOT_H_
