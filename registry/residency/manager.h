// The residency manager: loads, hands out, evicts and unloads models.
#ifndef ASSAY_REGISTRY_RESIDENCY_MANAGER_H_
#define ASSAY_REGISTRY_RESIDENCY_MANAGER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/steady_time.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/revision.h"
#include "registry/residency/loader.h"
#include "registry/residency/model_state.h"

namespace assay::registry {

class Manager;
struct ModelSlot;

// Keeps a model resident while a request uses it. Move-only. A handle that is held for long delays
// an unload, and holding one while acquiring another may deadlock. Must not outlive the manager.
class Handle {
 public:
  Handle() = default;
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();

  explicit operator bool() const { return slot_ != nullptr; }
  const ModelEntry& entry() const { return *entry_; }
  ResidentModel& model() const;
  // The revision that was loaded, even if the files on the disk have changed since. Empty if
  // unknown.
  const std::string& revision() const;

 private:
  friend class Manager;
  Handle(Manager* manager, std::shared_ptr<ModelSlot> slot);
  void Release();

  Manager* manager_ = nullptr;
  std::shared_ptr<ModelSlot> slot_;
  std::shared_ptr<const ModelEntry> entry_;
};

// Bytes of the memory budget that are reserved for other work than a model. Move-only. Must not
// outlive the manager.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation();

 private:
  friend class Manager;
  Reservation(Manager* manager, int64_t bytes) : manager_(manager), bytes_(bytes) {}

  Manager* manager_ = nullptr;
  int64_t bytes_ = 0;
};

// A snapshot of a model's state.
struct ModelStatus {
  ModelEntry entry;
  ModelState state;
  std::string reason;
  int64_t resident_bytes = 0;
  // The revision of the resident model, as it was loaded.
  std::string revision;
  absl::Duration load_time;
  absl::Time loaded_at;
  // The same moment, for comparisons.
  SteadyTime resident_since = SteadyTime::InfinitePast();
  // When a request last began or ended; the infinite past if none did.
  absl::Time last_used = absl::InfinitePast();
  int handles = 0;
  // Valid in the states kUnloaded and kDraining.
  UnloadCause cause = UnloadCause::kRequested;
  // The number of times that the model was evicted.
  int64_t evictions = 0;
};

// The changes that a new catalog made, as model ids.
struct ReloadReport {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  // Models that were, or must be, loaded again because their entry changed what is loaded.
  std::vector<std::string> reloaded;
  // "id: reason". The old model keeps serving where the policy kept it, and its new entry takes
  // effect when it is unloaded.
  std::vector<std::string> failed;
};

// Loads models on demand and keeps them resident within a memory budget. Thread-safe. Loads run on
// the caller's thread; concurrent loads of one model share a single load. A failed load changes no
// other model, except those that were evicted for it.
//
// A load that does not fit the budget first unloads idle models, least recently used first. If
// these are not enough, it waits in a queue, in order of arrival, while serving models are evicted:
// the one that is resident longest takes no new requests (they wait for its next load), finishes
// the running ones and is unloaded. Pinned models are never evicted. See eviction_policy.h.
class Manager {
 public:
  struct Options {
    // The maximum bytes of all resident models together; 0 = no limit.
    int64_t memory_budget_bytes = 0;
    std::string hub_cache;
    // If null, repositories that are not in the cache are refused with NOT_FOUND.
    FetchFn fetch;
    // The default for entries without a keep_alive of their own.
    absl::Duration keep_alive = absl::InfiniteDuration();
    // The minimum time that a serving model stays resident before it can be evicted.
    absl::Duration least_residency = absl::Seconds(2);
    // How a resident model whose entry changed is loaded again. True: the new model is loaded
    // alongside the old one and then replaces it, which needs memory for both. False: the old one
    // is unloaded first, once the new files are on this machine and can be read.
    bool reload_beside = true;
    // Names the revision of what is loaded. If null, all revisions are empty.
    Revisions* revisions = nullptr;
  };
  // Called after every state change, in order, one call at a time and without any lock held. The
  // call may come from the thread of another caller.
  using StateListener = std::function<void(const ModelStatus&)>;

  Manager(Catalog catalog, ModelLoader* loader, Options options, StateListener listener);
  // Unloads all models. All handles must have been released.
  ~Manager();

  // Returns a handle to a resident model. Loads the model first if necessary, and waits for memory.
  // `progress` may be called once more shortly after the return. Errors:
  //   NOT_FOUND            the model is not in the catalog; the message lists the catalog's models.
  //   UNAVAILABLE          the model is being unloaded by request.
  //   RESOURCE_EXHAUSTED   it does not fit the budget next to the pinned models.
  //   FAILED_PRECONDITION  no model is pinned, and it is larger than the whole budget. Both
  //   messages
  //                        have the bytes needed and the bytes that can be free.
  //   DEADLINE_EXCEEDED    the deadline of `context` has passed.
  //   CANCELLED            `context` was cancelled. A load that others wait for continues.
  //   Otherwise the loader's error.
  absl::StatusOr<Handle> Acquire(std::string_view id, const ProgressFn& progress = nullptr,
                                 const CallContext& context = {});

  // Reserves memory of the budget for work that takes seconds, such as an inspection, so that
  // models and this work together stay within it. Unloads idle models for it, least recently used
  // first, and disturbs no serving one. Loads that wait for memory come first. Waits for two
  // seconds at most. `work` names it in messages. RESOURCE_EXHAUSTED: the budget has no memory for
  // it. CANCELLED, DEADLINE_EXCEEDED: `context` has ended.
  absl::StatusOr<Reservation> ReserveMemory(int64_t bytes, const std::string& work,
                                            const CallContext& context) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until all handles are released, then frees the model and returns the freed bytes.
  // FAILED_PRECONDITION: the model is not resident. DEADLINE_EXCEEDED: handles were still held
  // after `timeout`; the model is kReady again.
  absl::StatusOr<int64_t> Unload(std::string_view id, absl::Duration timeout);

  // Applies a new catalog. Models that it lacks take no new requests and are freed when the running
  // ones end. A resident model whose entry changed what is loaded is loaded again on this thread,
  // as Options::reload_beside says; that takes seconds, or as long as a download. Other changes
  // take effect at once. If `context` ends, the remaining loads count as failed. One reload runs at
  // a time.
  ReloadReport Reload(Catalog catalog, const CallContext& context = {});

  absl::StatusOr<ModelStatus> Get(std::string_view id) const;
  // Returns all models in the order of the catalog.
  std::vector<ModelStatus> List() const;
  // Returns the revision that a request for the entry would use: that of the resident model, else
  // that of the files on this machine. Empty if there are neither, or Options::revisions is null.
  std::string RevisionOf(const ModelEntry& entry) const;
  // Returns the current catalog. It is immutable; a reload replaces it as a whole.
  std::shared_ptr<const Catalog> catalog() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The bytes that resident and loading models use, without reservations.
  int64_t used_bytes() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The bytes that they may use; 0 = no limit.
  int64_t budget_bytes() const { return options_.memory_budget_bytes; }

  // Calls `visit` with the resident model, without loading it and without a handle. Returns false
  // if the model is not resident.
  bool VisitResident(std::string_view id, const std::function<void(ResidentModel&)>& visit) const;

 private:
  friend class Handle;
  friend class Reservation;
  using SlotPtr = std::shared_ptr<ModelSlot>;
  // A load that waits for memory.
  struct MemoryRequest {
    ModelSlot* slot;
    int64_t bytes;
  };

  SlotPtr Find(std::string_view id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release(ModelSlot* slot) ABSL_LOCKS_EXCLUDED(mutex_);
  // Must be called when a caller stops waiting for the model.
  void RemoveWaiter(ModelSlot* slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Handle AcquireHandle(const SlotPtr& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Does what Acquire() does, but returns CANCELLED at the deadline too, so that a load that ends
  // early never counts as a failure of the model.
  absl::StatusOr<Handle> AcquireOrCancel(std::string_view id, const ProgressFn& progress,
                                         const CallContext& context) ABSL_LOCKS_EXCLUDED(mutex_);
  // Loads a model whose state already is kLoading, on this thread.
  absl::Status RunLoad(ModelSlot* slot, const CallContext& context) ABSL_LOCKS_EXCLUDED(mutex_);
  // Sets `revision` to the revision that was loaded.
  absl::StatusOr<std::unique_ptr<ResidentModel>> Load(ModelSlot* slot, const CallContext& context,
                                                      std::string* revision)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the entry's file on this machine. Downloads it first if necessary, and shows that in
  // the state of `slot` unless it is null.
  absl::StatusOr<std::string> Locate(const ModelEntry& entry, const ProgressFn& progress,
                                     const CallContext& context, ModelSlot* slot)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the running load ends or the model is drained. Returns OK if the caller must check
  // the model's state again: the load ended with its caller, or the catalog changed.
  absl::Status AwaitChange(ModelSlot* slot, const CallContext& context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Releases the mutex until something changes, or for the poll interval. Returns true if `context`
  // has ended.
  bool Pause(const CallContext& context) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Waits until `bytes` of the budget are reserved for the slot.
  absl::Status Reserve(ModelSlot* slot, int64_t bytes, const ProgressFn& progress,
                       const CallContext& context) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status AwaitMemory(const MemoryRequest& request, const ProgressFn& progress,
                           const CallContext& context) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns an error if the request does not fit the budget next to the pinned models.
  absl::Status CheckFitsBudget(const MemoryRequest& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What an eviction may do to serving models.
  enum class Serving { kDrain, kLeave };
  // Unloads one model, or drains serving models if it may, as PlanEviction() decides. `excluded`
  // may be null. Returns true if a model was unloaded.
  bool Evict(const ModelSlot* excluded, int64_t missing_bytes, const std::string& reason,
             Serving serving) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits until `bytes` are reserved, or until `context` ends.
  absl::Status AwaitReservation(int64_t bytes, const std::string& work, const CallContext& context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReleaseReservation(int64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the models that drain for an eviction to kReady. Must be called when a request leaves
  // the head of the queue, so that no model is left draining; the next request evicts again.
  void CancelEvictions() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The bytes of all slots except `excluded`, which may be null.
  int64_t UsedBytes(const ModelSlot* excluded) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Frees the model. Releases the mutex meanwhile.
  void Free(const SlotPtr& slot, UnloadCause cause, std::string reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Unloads models whose keep_alive has passed and retired models. Runs on the manager's thread.
  void UnloadIdle() ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the next such model. If there is none, returns null and sets `next` to the time of the
  // next check.
  SlotPtr NextExpired(SteadyTime now, SteadyTime* next) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Resident or loading models whose entries differ in what is loaded, with the new entries.
  using Changes = std::vector<std::pair<SlotPtr, ModelEntry>>;
  Changes ApplyCatalog(Catalog catalog, ReloadReport* report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadBeside(const SlotPtr& old, const ModelEntry& entry, const CallContext& context)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status LoadInPlace(const SlotPtr& slot, const ModelEntry& entry, const CallContext& context)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the slot uses its next entry, or its model is unused and the caller must free it.
  absl::Status Drain(const SlotPtr& slot, const CallContext& context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Retire(const SlotPtr& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes a slot that is no longer in memory from `detached_slots_`, if it is there.
  void RemoveDetached(const ModelSlot* slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void SetState(ModelSlot* slot, ModelState state, std::string reason = "")
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ModelStatus StatusOf(const ModelSlot& slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Reports the pending state changes to the listener. Must be called after the mutex is released.
  void Notify() ABSL_LOCKS_EXCLUDED(mutex_);

  ModelLoader* const loader_;
  const Options options_;
  const StateListener listener_;
  absl::Mutex reload_mutex_;
  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(reload_mutex_);
  std::shared_ptr<const Catalog> catalog_ ABSL_GUARDED_BY(mutex_);
  // One slot per catalog entry, in the catalog's order.
  std::vector<SlotPtr> slots_ ABSL_GUARDED_BY(mutex_);
  // Slots that are in memory but not in the catalog: successors that load, and retired models.
  std::vector<SlotPtr> detached_slots_ ABSL_GUARDED_BY(mutex_);
  // In order of arrival. Only the first request evicts.
  std::deque<const MemoryRequest*> memory_queue_ ABSL_GUARDED_BY(mutex_);
  // The bytes of all reservations.
  int64_t reserved_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Incremented by every change that may end a wait.
  mutable uint64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // State changes that the listener has not received yet.
  std::deque<ModelStatus> pending_events_ ABSL_GUARDED_BY(mutex_);
  bool notifying_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread idle_thread_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_RESIDENCY_MANAGER_H_
