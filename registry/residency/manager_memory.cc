// The residency manager's memory budget: waiting for memory, evictions and idle models.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "registry/residency/eviction_policy.h"
#include "registry/residency/manager.h"
#include "registry/residency/model_slot.h"

namespace assay::registry {
namespace {

// How long a reservation waits for memory.
constexpr absl::Duration kReservationWait = absl::Seconds(2);

std::string EvictionReason(const std::string& beneficiary) {
  return absl::StrCat("evicted to free memory for ", beneficiary);
}

EvictionCandidate Describe(const ModelSlot& slot) {
  return {.bytes = slot.bytes,
          .state = slot.state,
          .pinned = slot.entry->pin,
          .freeable = slot.IsIdle() || slot.IsDrained(),
          .handles = slot.handles,
          .last_used = slot.idle_since,
          .resident_since = slot.resident_since};
}

}  // namespace

int64_t Manager::used_bytes() const {
  MutexLock lock(mutex_);
  return UsedBytes(nullptr);
}

int64_t Manager::UsedBytes(const ModelSlot* excluded) const {
  int64_t used = 0;
  for (const auto* slots : {&slots_, &detached_slots_}) {
    for (const SlotPtr& slot : *slots) used += slot.get() == excluded ? 0 : slot->bytes;
  }
  return used;
}

void Manager::Free(const SlotPtr& slot, UnloadCause cause, std::string reason) {
  slot->cause = cause;
  if (slot->state != ModelState::kDraining) SetState(slot.get(), ModelState::kDraining, reason);
  std::unique_ptr<ResidentModel> model = std::move(slot->model);
  {
    const MutexUnlock unlocked(mutex_);
    Notify();
    model.reset();
  }
  slot->bytes = 0;
  if (cause == UnloadCause::kEvicted) ++slot->evictions;
  SetState(slot.get(), ModelState::kUnloaded, std::move(reason));
  RemoveDetached(slot.get());
  ++changes_;
}

absl::Status Manager::Reserve(ModelSlot* slot, int64_t bytes, const ProgressFn& progress,
                              const CallContext& context) {
  absl::Status status;
  {
    MutexLock lock(mutex_);
    if (options_.memory_budget_bytes == 0) {
      slot->bytes = bytes;
      return absl::OkStatus();
    }
    const MemoryRequest request{.slot = slot, .bytes = bytes};
    memory_queue_.push_back(&request);
    status = AwaitMemory(request, progress, context);
    // Only the first request in the queue evicts.
    const bool was_first = memory_queue_.front() == &request;
    std::erase(memory_queue_, &request);
    if (status.ok()) slot->bytes = bytes;
    if (was_first) CancelEvictions();
    ++changes_;
  }
  Notify();
  return status;
}

absl::Status Manager::AwaitMemory(const MemoryRequest& request, const ProgressFn& progress,
                                  const CallContext& context) {
  bool reported = false;
  const CallContext report_and_check([&] {
    if (!std::exchange(reported, true)) progress({.stage = "waiting for memory"});
    return context.IsDone();
  });
  while (true) {
    if (request.slot->retired) return absl::CancelledError("the catalog changed");
    RETURN_IF_ERROR(CheckFitsBudget(request));
    if (memory_queue_.front() == &request) {
      const int64_t missing_bytes =
          UsedBytes(request.slot) + request.bytes - options_.memory_budget_bytes;
      if (missing_bytes + reserved_bytes_ <= 0) return absl::OkStatus();
      // Reservations end soon: no model is evicted for what they have.
      if (missing_bytes > 0 &&
          Evict(request.slot, missing_bytes,
                EvictionReason(absl::StrCat("'", request.slot->id, "'")), Serving::kDrain)) {
        continue;
      }
    }
    if (Pause(report_and_check)) {
      return absl::CancelledError("cancelled while the model waited for memory");
    }
  }
}

absl::Status Manager::CheckFitsBudget(const MemoryRequest& request) const {
  int64_t pinned_bytes = 0;
  std::vector<std::string> pinned;
  bool replaces_itself = false;
  for (const SlotPtr& slot : slots_) {
    if (slot.get() == request.slot || !slot->entry->pin || slot->bytes == 0) continue;
    pinned_bytes += slot->bytes;
    replaces_itself = replaces_itself || slot->id == request.slot->id;
    pinned.push_back(absl::StrCat(slot->id, " (", slot->bytes, " bytes)"));
  }
  const int64_t budget = options_.memory_budget_bytes;
  if (pinned_bytes + request.bytes <= budget) return absl::OkStatus();
  const std::string needs =
      absl::StrCat("model '", request.slot->id, "' needs ", request.bytes, " bytes and at most ");
  const std::string advice = "raise memory_budget, or lower the model's cache_tokens or weights";
  if (pinned.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(needs, budget, ", the memory budget, can be free; ", advice));
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      needs, std::max<int64_t>(0, budget - pinned_bytes), " of the memory budget of ", budget,
      " can be free; pinned: ", absl::StrJoin(pinned, ", "), "; ",
      replaces_itself ? "set residency.reload: memory, which unloads the old model first, " : "",
      "unpin a model, ", advice));
}

absl::StatusOr<Reservation> Manager::ReserveMemory(int64_t bytes, const std::string& work,
                                                   const CallContext& context) {
  Reservation reservation;
  absl::Status status;
  {
    MutexLock lock(mutex_);
    if (options_.memory_budget_bytes != 0) status = AwaitReservation(bytes, work, context);
    if (status.ok()) {
      reserved_bytes_ += bytes;
      reservation = Reservation(this, bytes);
    }
  }
  Notify();
  if (!status.ok()) return status;
  return reservation;
}

absl::Status Manager::AwaitReservation(int64_t bytes, const std::string& work,
                                       const CallContext& context) {
  const int64_t budget = options_.memory_budget_bytes;
  const SteadyTime end = SteadyTime::Now() + kReservationWait;
  while (true) {
    const int64_t used = UsedBytes(nullptr) + reserved_bytes_;
    const int64_t missing_bytes = used + bytes - budget;
    if (memory_queue_.empty()) {
      if (missing_bytes <= 0) return absl::OkStatus();
      if (Evict(nullptr, missing_bytes, EvictionReason(work), Serving::kLeave)) continue;
    }
    if (bytes > budget || SteadyTime::Now() >= end) {
      return absl::ResourceExhaustedError(absl::StrCat(
          work, " may take ", bytes, " bytes, and ", std::max<int64_t>(0, budget - used),
          " of the memory budget of ", budget, " are free beside models in use",
          memory_queue_.empty() ? "" : " and loads that wait",
          "; try again later, unload a model, or raise memory_budget"));
    }
    if (Pause(context)) return context.Check();
  }
}

void Manager::ReleaseReservation(int64_t bytes) {
  MutexLock lock(mutex_);
  reserved_bytes_ -= bytes;
  ++changes_;
}

Reservation::Reservation(Reservation&& other) noexcept
    : manager_(std::exchange(other.manager_, nullptr)), bytes_(other.bytes_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  std::swap(manager_, other.manager_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Reservation::~Reservation() {
  if (manager_ != nullptr) manager_->ReleaseReservation(bytes_);
}

bool Manager::Evict(const ModelSlot* excluded, int64_t missing_bytes, const std::string& reason,
                    Serving serving) {
  std::vector<SlotPtr> slots;
  std::vector<EvictionCandidate> candidates;
  for (const auto* list : {&detached_slots_, &slots_}) {
    for (const SlotPtr& slot : *list) {
      if (slot.get() == excluded) continue;
      slots.push_back(slot);
      candidates.push_back(Describe(*slot));
    }
  }
  const EvictionPlan plan =
      PlanEviction(candidates, missing_bytes, SteadyTime::Now(), options_.least_residency);
  if (plan.unload.has_value()) {
    const SlotPtr& slot = slots[*plan.unload];
    if (slot->state == ModelState::kDraining) {
      Free(slot, slot->cause, slot->reason);
    } else {
      Free(slot, UnloadCause::kEvicted, reason);
    }
    return true;
  }
  if (serving == Serving::kLeave) return false;
  for (const size_t i : plan.drain) {
    slots[i]->cause = UnloadCause::kEvicted;
    SetState(slots[i].get(), ModelState::kDraining, reason);
  }
  return false;
}

void Manager::CancelEvictions() {
  for (const SlotPtr& slot : slots_) {
    if (slot->state != ModelState::kDraining || slot->cause != UnloadCause::kEvicted) continue;
    if (slot->model != nullptr && !slot->retired) SetState(slot.get(), ModelState::kReady);
  }
}

Manager::SlotPtr Manager::NextExpired(SteadyTime now, SteadyTime* next) const {
  *next = SteadyTime::InfiniteFuture();
  for (const SlotPtr& slot : detached_slots_) {
    if (slot->retired && slot->IsDrained()) return slot;
  }
  for (const SlotPtr& slot : slots_) {
    if (!slot->IsIdle() || slot->entry->pin) continue;
    const SteadyTime end = slot->idle_since + slot->entry->keep_alive.value_or(options_.keep_alive);
    if (end <= now) return slot;
    *next = std::min(*next, end);
  }
  return nullptr;
}

void Manager::UnloadIdle() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    SteadyTime next;
    if (const SlotPtr slot = NextExpired(SteadyTime::Now(), &next); slot != nullptr) {
      if (slot->retired) {
        Free(slot, UnloadCause::kReloaded, slot->reason);
      } else {
        Free(slot, UnloadCause::kIdle,
             absl::StrCat("idle for ", absl::FormatDuration(
                                           slot->entry->keep_alive.value_or(options_.keep_alive))));
      }
      const MutexUnlock unlocked(mutex_);
      Notify();
      continue;
    }
    const uint64_t before = changes_;
    const auto wake = [this, before]() { return stopping_ || changes_ != before; };
    mutex_.AwaitWithTimeout(absl::Condition(&wake), next.Left());
  }
}

}  // namespace assay::registry
