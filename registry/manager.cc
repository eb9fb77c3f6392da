// Residency: loads, hands out and unloads models.
#include "registry/manager.h"

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
#include "registry/router.h"
#include "registry/source.h"

namespace assay::registry {

// Everything but `entry` is guarded by the manager's mutex; `model` may be used without it while
// handles or visits are out.
struct ModelSlot {
  explicit ModelSlot(ModelEntry model_entry) : entry(std::move(model_entry)) {}

  const ModelEntry entry;
  ModelState state = ModelState::kNew;
  std::string reason;
  std::unique_ptr<ResidentModel> model;
  // Measured once resident; the estimate while it loads.
  int64_t bytes = 0;
  absl::Duration load_time;
  absl::Time loaded_at;
  int handles = 0;
  int visits = 0;
  // Callers that wait for the load in flight, the one that runs it included.
  int waiters = 0;
  // Counts finished loads; `load_result` is the last one's.
  int loads = 0;
  absl::Status load_result;
  std::vector<ProgressFn> progress;
};

namespace {

constexpr absl::Duration kCancelPoll = absl::Milliseconds(10);

bool IsLoading(ModelState state) {
  return state == ModelState::kDownloading || state == ModelState::kLoading;
}

}  // namespace

std::string_view ModelStateName(ModelState state) {
  switch (state) {
    case ModelState::kNew:
      return "new";
    case ModelState::kDownloading:
      return "downloading";
    case ModelState::kLoading:
      return "loading";
    case ModelState::kReady:
      return "ready";
    case ModelState::kDraining:
      return "draining";
    case ModelState::kUnloaded:
      return "unloaded";
    case ModelState::kFailed:
      return "failed";
  }
  return "unknown";
}

Handle::Handle(Handle&& other) noexcept
    : manager_(std::exchange(other.manager_, nullptr)),
      slot_(std::exchange(other.slot_, nullptr)) {}

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this == &other) return *this;
  Release();
  manager_ = std::exchange(other.manager_, nullptr);
  slot_ = std::exchange(other.slot_, nullptr);
  return *this;
}

Handle::~Handle() { Release(); }

void Handle::Release() {
  if (slot_ != nullptr) manager_->Release(slot_);
  slot_ = nullptr;
}

const ModelEntry& Handle::entry() const { return slot_->entry; }
ResidentModel& Handle::model() const { return *slot_->model; }

Manager::Manager(Catalog catalog, ModelLoader* loader, Options options, StateListener listener)
    : catalog_(std::move(catalog)),
      loader_(loader),
      options_(std::move(options)),
      listener_(std::move(listener)) {
  for (const ModelEntry& entry : catalog_.models) {
    slots_.push_back(std::make_unique<ModelSlot>(entry));
  }
}

Manager::~Manager() = default;

ModelSlot* Manager::Find(std::string_view id) const {
  const auto it = std::find_if(slots_.begin(), slots_.end(),
                               [&](const auto& slot) { return slot->entry.id == id; });
  return it == slots_.end() ? nullptr : it->get();
}

void Manager::Release(ModelSlot* slot) {
  absl::MutexLock lock(&mutex_);
  --slot->handles;
}

void Manager::SetState(ModelSlot* slot, ModelState state, std::string reason) {
  slot->state = state;
  slot->reason = std::move(reason);
  if (listener_) news_.push_back(StatusOf(*slot));
}

ModelStatus Manager::StatusOf(const ModelSlot& slot) const {
  return {.entry = slot.entry,
          .state = slot.state,
          .reason = slot.reason,
          .resident_bytes = slot.model == nullptr ? 0 : slot.bytes,
          .load_time = slot.load_time,
          .loaded_at = slot.loaded_at,
          .handles = slot.handles};
}

void Manager::Notify() {
  absl::MutexLock lock(&mutex_);
  if (notifying_) return;
  notifying_ = true;
  while (!news_.empty()) {
    const ModelStatus status = std::move(news_.front());
    news_.pop_front();
    mutex_.Unlock();
    listener_(status);
    mutex_.Lock();
  }
  notifying_ = false;
}

absl::Status Manager::AwaitLoad(ModelSlot* slot, const std::function<bool()>& cancelled) {
  const int before = slot->loads;
  const auto finished = [slot, before]() { return slot->loads != before; };
  ++slot->waiters;
  absl::Status status;
  while (!mutex_.AwaitWithTimeout(absl::Condition(&finished), kCancelPoll)) {
    mutex_.Unlock();
    const bool stop = cancelled && cancelled();
    mutex_.Lock();
    if (!stop) continue;
    status = absl::CancelledError("cancelled while the model was loading");
    break;
  }
  --slot->waiters;
  return status.ok() ? slot->load_result : status;
}

absl::Status Manager::Reserve(ModelSlot* slot, int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  const int64_t budget = options_.memory_budget_bytes;
  int64_t used = 0;
  std::vector<std::string> others;
  for (const auto& other : slots_) {
    if (other.get() == slot || other->bytes == 0) continue;
    used += other->bytes;
    others.push_back(absl::StrCat(other->entry.id, " (", other->bytes, " bytes, ",
                                  other->handles == 0 ? "idle" : "busy", ")"));
  }
  if (budget > 0 && used + bytes > budget) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "model '", slot->entry.id, "' needs ", bytes, " bytes and ",
        std::max<int64_t>(0, budget - used), " of the memory budget of ", budget, " are free; ",
        others.empty() ? std::string("raise memory_budget")
                       : absl::StrCat("unload one of: ", absl::StrJoin(others, ", "))));
  }
  slot->bytes = bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ResidentModel>> Manager::Load(
    ModelSlot* slot, const std::function<bool()>& cancelled) {
  absl::StatusOr<std::string> file = ResolveSource(slot->entry, options_.hub_cache);
  if (!file.ok()) return file.status();
  absl::StatusOr<int64_t> bytes = loader_->Estimate(slot->entry, *file);
  if (!bytes.ok()) return bytes.status();
  if (absl::Status s = Reserve(slot, *bytes); !s.ok()) return s;

  const ProgressFn progress = [this, slot](std::string_view stage, double fraction) {
    std::vector<ProgressFn> listeners;
    {
      absl::MutexLock lock(&mutex_);
      listeners = slot->progress;
    }
    for (const ProgressFn& listener : listeners) listener(stage, fraction);
  };
  // Others may wait for this load: it ends only when nobody wants it any more.
  const auto unwanted = [this, slot, &cancelled] {
    if (!cancelled || !cancelled()) return false;
    absl::MutexLock lock(&mutex_);
    return slot->waiters <= 1;
  };
  return loader_->Load(slot->entry, *file, progress, unwanted);
}

absl::Status Manager::RunLoad(ModelSlot* slot, const std::function<bool()>& cancelled) {
  const absl::Time start = absl::Now();
  absl::StatusOr<std::unique_ptr<ResidentModel>> model = Load(slot, cancelled);
  absl::MutexLock lock(&mutex_);
  slot->load_time = absl::Now() - start;
  slot->load_result = model.status();
  slot->progress.clear();
  --slot->waiters;
  ++slot->loads;
  if (!model.ok()) {
    slot->bytes = 0;
    SetState(slot, ModelState::kFailed, std::string(model.status().message()));
    return model.status();
  }
  slot->model = *std::move(model);
  slot->bytes = slot->model->resident_bytes();
  slot->loaded_at = absl::Now();
  SetState(slot, ModelState::kReady);
  return absl::OkStatus();
}

absl::StatusOr<Handle> Manager::Acquire(std::string_view id, const ProgressFn& progress,
                                        const std::function<bool()>& cancelled) {
  ModelSlot* slot = Find(id);
  if (slot == nullptr) return UnknownModel(catalog_, id);
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (slot->state == ModelState::kReady) {
        ++slot->handles;
        return Handle(this, slot);
      }
      if (slot->state == ModelState::kDraining) {
        return absl::UnavailableError(
            absl::StrCat("model '", std::string(id), "' is being unloaded; try again in a moment"));
      }
      if (progress) slot->progress.push_back(progress);
      if (IsLoading(slot->state)) {
        if (absl::Status s = AwaitLoad(slot, cancelled); !s.ok()) return s;
        continue;
      }
      slot->waiters = 1;
      SetState(slot, ModelState::kLoading);
    }
    Notify();
    absl::Status loaded = RunLoad(slot, cancelled);
    Notify();
    if (!loaded.ok()) return loaded;
  }
}

absl::StatusOr<int64_t> Manager::Unload(std::string_view id, absl::Duration timeout) {
  ModelSlot* slot = Find(id);
  if (slot == nullptr) return UnknownModel(catalog_, id);
  std::unique_ptr<ResidentModel> model;
  {
    absl::MutexLock lock(&mutex_);
    if (slot->state != ModelState::kReady) {
      return absl::FailedPreconditionError(absl::StrCat("model '", std::string(id),
                                                        "' is not resident; its state is ",
                                                        std::string(ModelStateName(slot->state))));
    }
    SetState(slot, ModelState::kDraining);
  }
  Notify();
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    const auto free = [slot]() { return slot->handles == 0 && slot->visits == 0; };
    if (mutex_.AwaitWithTimeout(absl::Condition(&free), timeout)) {
      model = std::move(slot->model);
    } else {
      status = absl::DeadlineExceededError(absl::StrCat(
          "model '", std::string(id), "' still serves ", slot->handles, " requests after ",
          absl::FormatDuration(timeout), "; it stays resident, try again when they are done"));
      SetState(slot, ModelState::kReady);
    }
  }
  if (!status.ok()) {
    Notify();
    return status;
  }
  model.reset();
  int64_t freed = 0;
  {
    absl::MutexLock lock(&mutex_);
    freed = std::exchange(slot->bytes, 0);
    SetState(slot, ModelState::kUnloaded);
  }
  Notify();
  return freed;
}

absl::StatusOr<ModelStatus> Manager::Get(std::string_view id) const {
  const ModelSlot* slot = Find(id);
  if (slot == nullptr) return UnknownModel(catalog_, id);
  absl::MutexLock lock(&mutex_);
  return StatusOf(*slot);
}

std::vector<ModelStatus> Manager::List() const {
  absl::MutexLock lock(&mutex_);
  std::vector<ModelStatus> list;
  list.reserve(slots_.size());
  for (const auto& slot : slots_) list.push_back(StatusOf(*slot));
  return list;
}

bool Manager::VisitResident(std::string_view id,
                            const std::function<void(ResidentModel&)>& visit) const {
  ModelSlot* slot = Find(id);
  if (slot == nullptr) return false;
  {
    absl::MutexLock lock(&mutex_);
    if (slot->model == nullptr) return false;
    ++slot->visits;
  }
  visit(*slot->model);
  absl::MutexLock lock(&mutex_);
  --slot->visits;
  return true;
}

}  // namespace assay::registry
