// Residency: loads, hands out and unloads models.
#ifndef ASSAY_REGISTRY_MANAGER_H_
#define ASSAY_REGISTRY_MANAGER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "registry/catalog.h"
#include "registry/loader.h"

namespace assay::registry {

// kNew -> kDownloading -> kLoading -> kReady -> kDraining -> kUnloaded -> kLoading ...; any ->
// kFailed (with a reason).
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

class Manager;
struct ModelSlot;

// Keeps a model resident while a request uses it. Move-only; holding one long delays an unload.
// Must not outlive the manager.
class Handle {
 public:
  Handle() = default;
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();

  explicit operator bool() const { return slot_ != nullptr; }
  const ModelEntry& entry() const;
  ResidentModel& model() const;

 private:
  friend class Manager;
  Handle(Manager* manager, ModelSlot* slot) : manager_(manager), slot_(slot) {}
  void Release();

  Manager* manager_ = nullptr;
  ModelSlot* slot_ = nullptr;
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

// Thread-safe. Loads run on the caller's thread; concurrent loads of one model coalesce into one. A
// failed load leaves every other model as it was.
class Manager {
 public:
  struct Options {
    // Bytes that all resident models may take together; 0 = no limit.
    int64_t memory_budget_bytes = 0;
    std::string hub_cache;
  };
  // Called after every change of state, in order, one call at a time, without any lock held; maybe
  // on another caller's thread.
  using StateListener = std::function<void(const ModelStatus&)>;

  Manager(Catalog catalog, ModelLoader* loader, Options options, StateListener listener);
  // Unloads everything; every handle must be gone.
  ~Manager();

  // A handle of a resident model; loads it first if need be. NOT_FOUND: not in the catalog (the
  // message lists what is). UNAVAILABLE: draining. RESOURCE_EXHAUSTED: does not fit the budget
  // beside what is resident; the message has the bytes needed, the bytes free, and what could be
  // unloaded. CANCELLED: `cancelled` said so; a load that others wait for goes on. Otherwise the
  // loader's error. `progress` may be called once more shortly after the return.
  absl::StatusOr<Handle> Acquire(std::string_view id, const ProgressFn& progress = nullptr,
                                 const std::function<bool()>& cancelled = nullptr);

  // Waits until the handles are gone, then frees the model. FAILED_PRECONDITION: not resident.
  // DEADLINE_EXCEEDED: handles were still out after `timeout`; the model is kReady again. Returns
  // the bytes given back.
  absl::StatusOr<int64_t> Unload(std::string_view id, absl::Duration timeout);

  absl::StatusOr<ModelStatus> Get(std::string_view id) const;
  // In the order of the catalog.
  std::vector<ModelStatus> List() const;
  const Catalog& catalog() const { return catalog_; }

  // Calls `visit` with the resident model, without loading and without a handle of the caller's;
  // false if not resident.
  bool VisitResident(std::string_view id, const std::function<void(ResidentModel&)>& visit) const;

 private:
  friend class Handle;

  ModelSlot* Find(std::string_view id) const;
  void Release(ModelSlot* slot) ABSL_LOCKS_EXCLUDED(mutex_);
  // Loads a model whose state is kLoading already, on this thread.
  absl::Status RunLoad(ModelSlot* slot, const std::function<bool()>& cancelled)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::unique_ptr<ResidentModel>> Load(ModelSlot* slot,
                                                      const std::function<bool()>& cancelled)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Reserve(ModelSlot* slot, int64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status AwaitLoad(ModelSlot* slot, const std::function<bool()>& cancelled)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetState(ModelSlot* slot, ModelState state, std::string reason = "")
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ModelStatus StatusOf(const ModelSlot& slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Tells the listener what happened; call after unlocking.
  void Notify() ABSL_LOCKS_EXCLUDED(mutex_);

  const Catalog catalog_;
  ModelLoader* const loader_;
  const Options options_;
  const StateListener listener_;
  mutable absl::Mutex mutex_;
  // One a catalog entry, in its order; the vector itself never changes.
  std::vector<std::unique_ptr<ModelSlot>> slots_;
  std::deque<ModelStatus> news_ ABSL_GUARDED_BY(mutex_);
  bool notifying_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_MANAGER_H_
