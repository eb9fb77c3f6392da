// Residency: loads, hands out, evicts and unloads models.
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
#include "registry/catalog/catalog.h"
#include "registry/catalog/revision.h"
#include "registry/residency/loader.h"

namespace assay::registry {

// kNew -> kDownloading -> kLoading -> kReady -> kDraining -> kUnloaded -> kLoading ...; any ->
// kFailed (with a reason); a load that its callers called off -> kNew.
enum class ModelState {
  kNew,          // In the catalog, never loaded, or its last load was called off.
  kDownloading,  // Its file is on the way to this machine.
  kLoading,      // Weights are read.
  kReady,        // Serves.
  kDraining,     // Refuses new requests, finishes the running ones.
  kUnloaded,     // Was resident once.
  kFailed,       // The last load failed; the next Acquire tries again.
};
std::string_view ModelStateName(ModelState state);

// Why a model is unloaded.
enum class UnloadCause {
  kRequested,  // By a caller of Unload.
  kEvicted,    // Another model needs its memory.
  kIdle,       // Nobody used it for its keep_alive.
  kReloaded,   // The catalog changed.
};
std::string_view UnloadCauseName(UnloadCause cause);

class Manager;
struct ModelSlot;

// Keeps a model resident while a request uses it. Move-only; holding one long delays an unload, and
// holding one while acquiring another may wait for ever. Must not outlive the manager.
class Handle {
 public:
  Handle() = default;
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();

  explicit operator bool() const { return slot_ != nullptr; }
  const ModelEntry& entry() const { return *entry_; }
  ResidentModel& model() const;
  // What was loaded, whatever is on the disk by now; empty: not known.
  const std::string& revision() const;

 private:
  friend class Manager;
  Handle(Manager* manager, std::shared_ptr<ModelSlot> slot);
  void Release();

  Manager* manager_ = nullptr;
  std::shared_ptr<ModelSlot> slot_;
  std::shared_ptr<const ModelEntry> entry_;
};

// What is known of a model now.
struct ModelStatus {
  ModelEntry entry;
  ModelState state;
  std::string reason;
  int64_t resident_bytes = 0;
  // Of the resident model, as it was loaded.
  std::string revision;
  absl::Duration load_time;
  absl::Time loaded_at;
  // When a request last began or ended; the infinite past if none did.
  absl::Time last_used = absl::InfinitePast();
  int handles = 0;
  // Of kUnloaded and kDraining.
  UnloadCause cause = UnloadCause::kRequested;
  // How often it made room for others.
  int64_t evictions = 0;
};

// What a new catalog changed; ids.
struct ReloadReport {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  // Loaded anew, or to be, because what is loaded differs.
  std::vector<std::string> reloaded;
  // "id: why": the model that was resident serves on where the policy kept it, and the new entry is
  // taken when that is unloaded.
  std::vector<std::string> failed;
};

// Thread-safe. Loads run on the caller's thread; concurrent loads of one model coalesce into one. A
// failed load leaves every other model as it was, but for those that had to make room for it.
//
// Under a budget a load that does not fit unloads idle models first, least recently used first. If
// the idle ones are not enough it waits, in order of arrival, and models that serve give way: the
// one resident longest takes no new requests (they wait for its next load), finishes those that run
// and is unloaded. Pinned models never give way.
class Manager {
 public:
  struct Options {
    // Bytes that all resident models may take together; 0 = no limit.
    int64_t memory_budget_bytes = 0;
    std::string hub_cache;
    // Null: repositories that are not in the cache are refused with NOT_FOUND.
    FetchFn fetch;
    // For entries that do not say.
    absl::Duration keep_alive = absl::InfiniteDuration();
    // A model that serves is not asked to give way before it was resident for so long.
    absl::Duration least_residency = absl::Seconds(2);
    // Of a resident model whose entry changed. True: the new one is loaded beside it, then takes
    // its place; needs memory for both. False: it is unloaded first, once the new one's files are
    // here and can be read.
    bool reload_beside = true;
    // Names what is loaded; null: nothing has a name.
    Revisions* revisions = nullptr;
  };
  // Called after every change of state, in order, one call at a time, without any lock held; maybe
  // on another caller's thread.
  using StateListener = std::function<void(const ModelStatus&)>;

  Manager(Catalog catalog, ModelLoader* loader, Options options, StateListener listener);
  // Unloads everything; every handle must be gone.
  ~Manager();

  // A handle of a resident model; loads it first if need be, and waits for memory. NOT_FOUND: not
  // in the catalog (the message lists what is). UNAVAILABLE: being unloaded by request.
  // RESOURCE_EXHAUSTED: can't fit the budget beside what is pinned; FAILED_PRECONDITION: nor alone;
  // the message has the bytes needed and the bytes free. CANCELLED: `context` said so; a load
  // that others wait for goes on. Otherwise the loader's error. `progress` may be called once more
  // shortly after the return.
  absl::StatusOr<Handle> Acquire(std::string_view id, const ProgressFn& progress = nullptr,
                                 const CallContext& context = {});

  // Waits until the handles are gone, then frees the model. FAILED_PRECONDITION: not resident.
  // DEADLINE_EXCEEDED: handles were still out after `timeout`; the model is kReady again. Returns
  // the bytes given back.
  absl::StatusOr<int64_t> Unload(std::string_view id, absl::Duration timeout);

  // Takes a new catalog. Models that it lacks take no new requests and are freed when the running
  // ones end. Resident models whose entry changed what is loaded are loaded anew, on this thread
  // (seconds, or as long as a download takes), by Options::reload_beside; other changes hold at
  // once. `context` ends the loads that are left; they count as failed. One reload at a time.
  ReloadReport Reload(Catalog catalog, const CallContext& context = {});

  absl::StatusOr<ModelStatus> Get(std::string_view id) const;
  // In the order of the catalog.
  std::vector<ModelStatus> List() const;
  // What a request for the entry meets: the revision of the resident model, else of the files on
  // this machine; empty: neither, or Options::revisions is null.
  std::string RevisionOf(const ModelEntry& entry) const;
  // As it stands now; a reload replaces it as a whole.
  std::shared_ptr<const Catalog> catalog() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Bytes that resident and loading models take, and may take (0 = no limit).
  int64_t used_bytes() const ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t budget_bytes() const { return options_.memory_budget_bytes; }

  // Calls `visit` with the resident model, without loading and without a handle of the caller's;
  // false if not resident.
  bool VisitResident(std::string_view id, const std::function<void(ResidentModel&)>& visit) const;

 private:
  friend class Handle;
  using SlotPtr = std::shared_ptr<ModelSlot>;
  // A load that waits for memory.
  struct RoomRequest {
    ModelSlot* slot;
    int64_t bytes;
  };

  SlotPtr Find(std::string_view id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release(ModelSlot* slot) ABSL_LOCKS_EXCLUDED(mutex_);
  // A caller waits for the model no more.
  void RemoveWaiter(ModelSlot* slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Handle Take(const SlotPtr& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Loads a model whose state is kLoading already, on this thread.
  // As Acquire(), but CANCELLED also at the deadline, so that a load that ends early never counts
  // as a failure of the model.
  absl::StatusOr<Handle> AcquireOrCancel(std::string_view id, const ProgressFn& progress,
                                         const CallContext& context) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status RunLoad(ModelSlot* slot, const CallContext& context) ABSL_LOCKS_EXCLUDED(mutex_);
  // `revision`: of what was loaded.
  absl::StatusOr<std::unique_ptr<ResidentModel>> Load(ModelSlot* slot, const CallContext& context,
                                                      std::string* revision)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The entry's file on this machine; downloads it first if need be, and says so in the state of
  // `slot`, where that is not null.
  absl::StatusOr<std::string> Locate(const ModelEntry& entry, const ProgressFn& progress,
                                     const CallContext& context, ModelSlot* slot)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the load in flight ended, or the model drained; OK where its state must be looked
  // at again: the load ended with its caller, or the catalog changed.
  absl::Status AwaitChange(ModelSlot* slot, const CallContext& context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Gives the mutex up until something changes, or for a moment. True: cancelled.
  bool Pause(const CallContext& context) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Waits until `bytes` of the budget are the slot's.
  absl::Status Reserve(ModelSlot* slot, int64_t bytes, const ProgressFn& progress,
                       const CallContext& context) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status AwaitRoom(const RoomRequest& request, const ProgressFn& progress,
                         const CallContext& context) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckRoomCanBeMade(const RoomRequest& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Unloads one model that can go now, or asks those that serve to give way. True: one went.
  bool MakeRoom(const RoomRequest& request, int64_t excess) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Those that were asked and still serve go on. Whoever leaves the head of the line calls it, so
  // that none is left draining for nobody; the next in line asks again.
  void CancelEvictions() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t UsedBytes(const ModelSlot* but) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Frees the model; gives the mutex up meanwhile.
  void Free(const SlotPtr& slot, UnloadCause cause, std::string reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Frees what its keep_alive or the catalog gave up; the thread of the manager.
  void UnloadIdle() ABSL_LOCKS_EXCLUDED(mutex_);
  // The next of those, or null and when to look again.
  SlotPtr NextExpired(absl::Time now, absl::Time* next) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Resident or loading models whose entries differ in what is loaded, with the new entries.
  using Changes = std::vector<std::pair<SlotPtr, ModelEntry>>;
  Changes TakeCatalog(Catalog catalog, ReloadReport* report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadBeside(const SlotPtr& old, const ModelEntry& entry, const CallContext& context)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status LoadInPlace(const SlotPtr& slot, const ModelEntry& entry, const CallContext& context)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the slot has taken its next entry, or its model is the caller's to free: nobody
  // uses it.
  absl::Status Drain(const SlotPtr& slot, const CallContext& context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Retire(const SlotPtr& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of a retired slot that has nothing in memory any more.
  void Forget(const ModelSlot* slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void SetState(ModelSlot* slot, ModelState state, std::string reason = "")
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ModelStatus StatusOf(const ModelSlot& slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Tells the listener what happened; call after unlocking.
  void Notify() ABSL_LOCKS_EXCLUDED(mutex_);

  ModelLoader* const loader_;
  const Options options_;
  const StateListener listener_;
  absl::Mutex reload_mutex_;
  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(reload_mutex_);
  std::shared_ptr<const Catalog> catalog_ ABSL_GUARDED_BY(mutex_);
  // One a catalog entry, in its order.
  std::vector<SlotPtr> slots_ ABSL_GUARDED_BY(mutex_);
  // Not in the catalog, but in memory: successors that load, and what lost its place.
  std::vector<SlotPtr> others_ ABSL_GUARDED_BY(mutex_);
  // In order of arrival; the first one is served.
  std::deque<const RoomRequest*> room_queue_ ABSL_GUARDED_BY(mutex_);
  // Counts whatever may end somebody's wait.
  mutable uint64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<ModelStatus> news_ ABSL_GUARDED_BY(mutex_);
  bool notifying_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread idle_thread_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_RESIDENCY_MANAGER_H_
