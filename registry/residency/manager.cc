// The residency manager: hands out, loads and unloads models. The memory budget is in
// manager_memory.cc, new catalogs in manager_reload.cc.
#include "registry/residency/manager.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "registry/catalog/source.h"
#include "registry/residency/model_slot.h"
#include "registry/routing/router.h"

namespace assay::registry {

namespace {

// The interval at which waiters check for cancellation, and at which a model that was resident too
// briefly to be evicted is considered again.
constexpr absl::Duration kPollInterval = absl::Milliseconds(10);

}  // namespace

Handle::Handle(Manager* manager, std::shared_ptr<ModelSlot> slot)
    : manager_(manager), slot_(std::move(slot)), entry_(slot_->entry) {}

Handle::Handle(Handle&& other) noexcept
    : manager_(std::exchange(other.manager_, nullptr)),
      slot_(std::move(other.slot_)),
      entry_(std::move(other.entry_)) {}

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this == &other) return *this;
  Release();
  manager_ = std::exchange(other.manager_, nullptr);
  slot_ = std::move(other.slot_);
  entry_ = std::move(other.entry_);
  return *this;
}

Handle::~Handle() { Release(); }

void Handle::Release() {
  if (slot_ != nullptr) manager_->Release(slot_.get());
  slot_ = nullptr;
}

ResidentModel& Handle::model() const { return *slot_->model; }

const std::string& Handle::revision() const { return slot_->revision; }

Manager::Manager(Catalog catalog, ModelLoader* loader, Options options, StateListener listener)
    : loader_(loader),
      options_(std::move(options)),
      listener_(std::move(listener)),
      catalog_(std::make_shared<const Catalog>(std::move(catalog))) {
  for (const ModelEntry& entry : catalog_->models) {
    slots_.push_back(std::make_shared<ModelSlot>(entry));
  }
  idle_thread_ = std::thread([this] { UnloadIdle(); });
}

Manager::~Manager() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  idle_thread_.join();
}

std::shared_ptr<const Catalog> Manager::catalog() const {
  MutexLock lock(mutex_);
  return catalog_;
}

Manager::SlotPtr Manager::Find(std::string_view id) const {
  const auto it =
      std::find_if(slots_.begin(), slots_.end(), [&](const auto& slot) { return slot->id == id; });
  return it == slots_.end() ? nullptr : *it;
}

Handle Manager::AcquireHandle(const SlotPtr& slot) {
  ++slot->handles;
  slot->last_used = absl::Now();
  slot->idle_since = SteadyTime::Now();
  return {this, slot};
}

void Manager::Release(ModelSlot* slot) {
  MutexLock lock(mutex_);
  slot->last_used = absl::Now();
  slot->idle_since = SteadyTime::Now();
  if (--slot->handles == 0) ++changes_;
}

void Manager::RemoveWaiter(ModelSlot* slot) {
  if (--slot->waiters == 0) ++changes_;
}

void Manager::SetState(ModelSlot* slot, ModelState state, std::string reason) {
  slot->state = state;
  const bool unloaded =
      state == ModelState::kUnloaded || state == ModelState::kFailed || state == ModelState::kNew;
  if (unloaded && slot->next_entry != nullptr) slot->entry = std::move(slot->next_entry);
  slot->reason = std::move(reason);
  if (listener_ && !slot->quiet) pending_events_.push_back(StatusOf(*slot));
}

ModelStatus Manager::StatusOf(const ModelSlot& slot) const {
  return {.entry = *slot.entry,
          .state = slot.state,
          .reason = slot.reason,
          .resident_bytes = slot.model == nullptr ? 0 : slot.bytes,
          .revision = slot.model == nullptr ? "" : slot.revision,
          .load_time = slot.load_time,
          .loaded_at = slot.loaded_at,
          .resident_since = slot.resident_since,
          .last_used = slot.last_used,
          .handles = slot.handles,
          .cause = slot.cause,
          .evictions = slot.evictions};
}

void Manager::Notify() {
  MutexLock lock(mutex_);
  if (notifying_) return;
  notifying_ = true;
  while (!pending_events_.empty()) {
    const ModelStatus status = std::move(pending_events_.front());
    pending_events_.pop_front();
    const MutexUnlock unlocked(mutex_);
    listener_(status);
  }
  notifying_ = false;
}

bool Manager::Pause(const CallContext& context) {
  const uint64_t before = changes_;
  {
    const MutexUnlock unlocked(mutex_);
    Notify();
    if (context.IsDone()) return true;
  }
  const auto changed = [this, before]() { return changes_ != before; };
  mutex_.AwaitWithTimeout(absl::Condition(&changed), kPollInterval);
  return false;
}

absl::Status Manager::AwaitChange(ModelSlot* slot, const CallContext& context) {
  const int loads = slot->loads;
  const bool loading = slot->IsLoading();
  const auto changed = [slot, loads, loading]() {
    return slot->retired || (loading ? slot->loads != loads : slot->state != ModelState::kDraining);
  };
  while (!mutex_.AwaitWithTimeout(absl::Condition(&changed), kPollInterval)) {
    const MutexUnlock unlocked(mutex_);
    if (context.IsDone()) return absl::CancelledError("cancelled while the model was loading");
  }
  // The load of another caller was cancelled with that caller, so this caller starts its own.
  if (!loading || slot->retired || absl::IsCancelled(slot->load_result)) return absl::OkStatus();
  return slot->load_result;
}

absl::StatusOr<std::string> Manager::Locate(const ModelEntry& entry, const ProgressFn& progress,
                                            const CallContext& context, ModelSlot* slot) {
  absl::StatusOr<std::string> file = ResolveSource(entry, options_.hub_cache);
  if (!absl::IsNotFound(file.status()) || !entry.hub.has_value() || !options_.fetch) return file;
  const auto set_state = [this, slot](ModelState state) {
    if (slot == nullptr) return;
    {
      MutexLock lock(mutex_);
      SetState(slot, state);
    }
    Notify();
  };
  set_state(ModelState::kDownloading);
  RETURN_IF_ERROR(Annotate(options_.fetch(*entry.hub, progress, context),
                           absl::StrCat("model '", entry.id, "'")));
  set_state(ModelState::kLoading);
  file = ResolveSource(entry, options_.hub_cache);
  if (!absl::IsNotFound(file.status())) return file;
  return absl::FailedPreconditionError(
      absl::StrCat("model '", entry.id, "' was downloaded, but ", file.status().message()));
}

absl::StatusOr<std::unique_ptr<ResidentModel>> Manager::Load(ModelSlot* slot,
                                                             const CallContext& context,
                                                             std::string* revision) {
  const ProgressFn progress = [this, slot](const LoadStep& step) {
    std::vector<ProgressFn> listeners;
    {
      MutexLock lock(mutex_);
      listeners = slot->progress;
    }
    for (const ProgressFn& listener : listeners) listener(step);
  };
  // Other callers may wait for this load. It ends early only if none is left, or if the model was
  // removed from the catalog.
  const CallContext shared([this, slot, &context] {
    const bool stop = context.IsDone();
    MutexLock lock(mutex_);
    return slot->retired || (stop && slot->waiters <= 1);
  });
  std::shared_ptr<const ModelEntry> entry;
  {
    MutexLock lock(mutex_);
    entry = slot->entry;
  }
  ASSIGN_OR_RETURN(std::string file, Locate(*entry, progress, shared, slot));
  if (options_.revisions != nullptr) *revision = options_.revisions->OfFile(*entry, file);
  ASSIGN_OR_RETURN(int64_t bytes, loader_->Estimate(*entry, file));
  RETURN_IF_ERROR(Reserve(slot, bytes, progress, shared));

  return loader_->Load(*entry, file, progress, shared);
}

absl::Status Manager::RunLoad(ModelSlot* slot, const CallContext& context) {
  const SteadyTime start = SteadyTime::Now();
  std::string revision;
  absl::StatusOr<std::unique_ptr<ResidentModel>> model = Load(slot, context, &revision);
  MutexLock lock(mutex_);
  slot->load_time = SteadyTime::Now() - start;
  slot->load_result = model.status();
  slot->progress.clear();
  ++slot->loads;
  ++changes_;
  if (!model.ok()) {
    slot->bytes = 0;
    if (slot->retired) {
      SetState(slot, ModelState::kUnloaded, "the catalog changed");
      RemoveDetached(slot);
    } else {
      // A load that its callers cancelled is no failure of the model.
      SetState(slot, absl::IsCancelled(model.status()) ? ModelState::kNew : ModelState::kFailed,
               std::string(model.status().message()));
    }
    return model.status();
  }
  slot->model = *std::move(model);
  slot->revision = std::move(revision);
  slot->bytes = slot->model->resident_bytes();
  slot->loaded_at = absl::Now();
  slot->last_used = slot->loaded_at;
  slot->resident_since = SteadyTime::Now();
  slot->idle_since = slot->resident_since;
  SetState(slot, slot->retired ? ModelState::kDraining : ModelState::kReady);
  return absl::OkStatus();
}

absl::StatusOr<Handle> Manager::Acquire(std::string_view id, const ProgressFn& progress,
                                        const CallContext& context) {
  absl::StatusOr<Handle> handle = AcquireOrCancel(id, progress, context);
  if (!absl::IsCancelled(handle.status()) || !context.IsLate()) return handle;
  return absl::DeadlineExceededError(
      absl::StrCat("model '", std::string(id),
                   "' was not loaded before the request's deadline; load it first, or raise the "
                   "deadline or limits.inference_timeout"));
}

absl::StatusOr<Handle> Manager::AcquireOrCancel(std::string_view id, const ProgressFn& progress,
                                                const CallContext& context) {
  while (true) {
    SlotPtr slot;
    {
      MutexLock lock(mutex_);
      slot = Find(id);
      if (slot == nullptr) return UnknownModel(*catalog_, id);
      if (slot->state == ModelState::kReady) return AcquireHandle(slot);
      if (slot->state == ModelState::kDraining && slot->cause == UnloadCause::kRequested) {
        return absl::UnavailableError(
            absl::StrCat("model '", std::string(id), "' is being unloaded; try again in a moment"));
      }
      ++slot->waiters;
      const bool draining = slot->state == ModelState::kDraining;
      if (progress && !draining) slot->progress.push_back(progress);
      if (draining || slot->IsLoading()) {
        absl::Status awaited = AwaitChange(slot.get(), context);
        RemoveWaiter(slot.get());
        if (!awaited.ok()) return awaited;
        if (slot->state == ModelState::kReady) return AcquireHandle(slot);
        continue;
      }
      SetState(slot.get(), ModelState::kLoading);
    }
    Notify();
    absl::Status loaded = RunLoad(slot.get(), context);
    Notify();
    MutexLock lock(mutex_);
    RemoveWaiter(slot.get());
    // A retired slot has a successor or was removed from the catalog; Find() decides which.
    if (!loaded.ok() && !slot->retired) return loaded;
    if (slot->state == ModelState::kReady) return AcquireHandle(slot);
  }
}

absl::StatusOr<int64_t> Manager::Unload(std::string_view id, absl::Duration timeout) {
  SlotPtr slot;
  {
    MutexLock lock(mutex_);
    slot = Find(id);
    if (slot == nullptr) return UnknownModel(*catalog_, id);
    if (slot->state != ModelState::kReady) {
      return absl::FailedPreconditionError(absl::StrCat("model '", std::string(id),
                                                        "' is not resident; its state is ",
                                                        std::string(ModelStateName(slot->state))));
    }
    slot->cause = UnloadCause::kRequested;
    SetState(slot.get(), ModelState::kDraining);
  }
  Notify();
  absl::StatusOr<int64_t> freed = 0;
  {
    MutexLock lock(mutex_);
    const auto free = [&slot]() { return slot->handles == 0 && slot->visits == 0; };
    if (mutex_.AwaitWithTimeout(absl::Condition(&free), timeout)) {
      freed = slot->bytes;
      Free(slot, UnloadCause::kRequested, "");
    } else {
      freed = absl::DeadlineExceededError(absl::StrCat(
          "model '", std::string(id), "' still serves ", slot->handles, " requests after ",
          absl::FormatDuration(timeout), "; it stays resident, try again when they have ended"));
      if (!slot->retired) SetState(slot.get(), ModelState::kReady);
      if (slot->retired) slot->cause = UnloadCause::kReloaded;
      ++changes_;
    }
  }
  Notify();
  return freed;
}

std::string Manager::RevisionOf(const ModelEntry& entry) const {
  {
    MutexLock lock(mutex_);
    const SlotPtr slot = Find(entry.id);
    if (slot != nullptr && slot->state == ModelState::kReady) return slot->revision;
  }
  return options_.revisions == nullptr ? "" : options_.revisions->Of(entry);
}

absl::StatusOr<ModelStatus> Manager::Get(std::string_view id) const {
  MutexLock lock(mutex_);
  const SlotPtr slot = Find(id);
  if (slot == nullptr) return UnknownModel(*catalog_, id);
  return StatusOf(*slot);
}

std::vector<ModelStatus> Manager::List() const {
  MutexLock lock(mutex_);
  std::vector<ModelStatus> list;
  list.reserve(slots_.size());
  for (const auto& slot : slots_) list.push_back(StatusOf(*slot));
  return list;
}

bool Manager::VisitResident(std::string_view id,
                            const std::function<void(ResidentModel&)>& visit) const {
  SlotPtr slot;
  {
    MutexLock lock(mutex_);
    slot = Find(id);
    if (slot == nullptr || slot->model == nullptr) return false;
    ++slot->visits;
  }
  visit(*slot->model);
  MutexLock lock(mutex_);
  if (--slot->visits == 0) ++changes_;
  return true;
}

}  // namespace assay::registry
