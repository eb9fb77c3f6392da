// Residency: loads, hands out and unloads models.
#ifndef ASSAY_REGISTRY_MANAGER_H_
#define ASSAY_REGISTRY_MANAGER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "registry/catalog.h"
#include "registry/loader.h"

namespace assay::registry {

// kNew -> kDownloading -> kLoading -> kReady -> kDraining -> kUnloaded -> kLoading ...; any -> kFailed (with a reason).
enum class ModelState {
  kNew,          // In the catalog, never loaded.
  kDownloading,  // Its file is on the way to this machine.
  kLoading,      // Weights are read.
  kReady,        // Serves.
  kDraining,     // Refuses new requests, finishes the running ones.
  kUnloaded,     // Was resident once.
  kFailed,       // The last load failed; the next Acquire tries again.
};
std::string_view ModelStateName(ModelState state);

// Keeps a model resident while a request uses it. Move-only; holding one long delays an unload.
class Handle {
 public:
  Handle() = default;
  Handle(Handle&&) noexcept;
  Handle& operator=(Handle&&) noexcept;
  ~Handle();

  explicit operator bool() const;
  const ModelEntry& entry() const;
  ResidentModel& model() const;
};

// What is known of a model now.
struct ModelStatus {
  ModelEntry entry;
  ModelState state;
  std::string reason;
  int64_t resident_bytes = 0;
  absl::Duration load_time;
  absl::Time loaded_at;
  int handles = 0;
};

// Thread-safe. Loads run on the caller's thread; concurrent loads of one model coalesce into one. A failed load leaves
// every other model as it was.
class Manager {
 public:
  struct Options {
    // Bytes that all resident models may take together; 0 = no limit.
    int64_t memory_budget_bytes = 0;
    std::string hub_cache;
  };
  // Called after every change of state, without any lock held.
  using StateListener = std::function<void(const ModelStatus&)>;

  Manager(Catalog catalog, ModelLoader* loader, Options options, StateListener listener);
  // Unloads everything; every handle must be gone.
  ~Manager();

  // A handle of a resident model; loads it first if need be. NOT_FOUND: not in the catalog (the message lists what is).
  // UNAVAILABLE: draining. RESOURCE_EXHAUSTED: does not fit the budget beside what is resident; the message has the
  // bytes needed, the bytes free, and what could be unloaded. Otherwise the loader's error.
  absl::StatusOr<Handle> Acquire(std::string_view id, const ProgressFn& progress = nullptr,
                                 const std::function<bool()>& cancelled = nullptr);

  // Waits until the handles are gone, then frees the model. FAILED_PRECONDITION: not resident. DEADLINE_EXCEEDED: handles
  // were still out after `timeout`; the model is kReady again. Returns the bytes given back.
  absl::StatusOr<int64_t> Unload(std::string_view id, absl::Duration timeout);

  absl::StatusOr<ModelStatus> Get(std::string_view id) const;
  // In the order of the catalog.
  std::vector<ModelStatus> List() const;
  const Catalog& catalog() const;

  // Calls `visit` with the resident model, without loading and without a handle of the caller's; false if not resident.
  bool VisitResident(std::string_view id, const std::function<void(ResidentModel&)>& visit) const;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_MANAGER_H_
