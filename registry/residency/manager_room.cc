// Residency under a budget: who waits for memory, who makes room, who was idle too long.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "registry/residency/manager.h"
#include "registry/residency/model_slot.h"

namespace assay::registry {
namespace {

std::string MakesRoomFor(const ModelSlot& slot) {
  return absl::StrCat("makes room for '", slot.id, "'");
}

}  // namespace

int64_t Manager::used_bytes() const {
  absl::MutexLock lock(&mutex_);
  return UsedBytes(nullptr);
}

int64_t Manager::UsedBytes(const ModelSlot* but) const {
  int64_t used = 0;
  for (const auto* slots : {&slots_, &others_}) {
    for (const SlotPtr& slot : *slots) used += slot.get() == but ? 0 : slot->bytes;
  }
  return used;
}

void Manager::Free(const SlotPtr& slot, UnloadCause cause, std::string reason) {
  slot->cause = cause;
  if (slot->state != ModelState::kDraining) SetState(slot.get(), ModelState::kDraining, reason);
  std::unique_ptr<ResidentModel> model = std::move(slot->model);
  mutex_.Unlock();
  Notify();
  model.reset();
  mutex_.Lock();
  slot->bytes = 0;
  if (cause == UnloadCause::kEvicted) ++slot->evictions;
  SetState(slot.get(), ModelState::kUnloaded, std::move(reason));
  Forget(slot.get());
  ++changes_;
}

absl::Status Manager::Reserve(ModelSlot* slot, int64_t bytes, const ProgressFn& progress,
                              const CallContext& context) {
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    if (options_.memory_budget_bytes == 0) {
      slot->bytes = bytes;
      return absl::OkStatus();
    }
    const RoomRequest request{.slot = slot, .bytes = bytes};
    room_queue_.push_back(&request);
    status = AwaitRoom(request, progress, context);
    // Only the first in line asks.
    const bool asked = room_queue_.front() == &request;
    std::erase(room_queue_, &request);
    if (status.ok()) slot->bytes = bytes;
    if (asked) CancelEvictions();
    ++changes_;
  }
  Notify();
  return status;
}

absl::Status Manager::AwaitRoom(const RoomRequest& request, const ProgressFn& progress,
                                const CallContext& context) {
  bool reported = false;
  const CallContext report_and_check([&] {
    if (!std::exchange(reported, true)) progress({.stage = "waiting for memory"});
    return context.IsDone();
  });
  while (true) {
    if (request.slot->retired) return absl::CancelledError("the catalog changed");
    RETURN_IF_ERROR(CheckRoomCanBeMade(request));
    if (room_queue_.front() == &request) {
      const int64_t excess = UsedBytes(request.slot) + request.bytes - options_.memory_budget_bytes;
      if (excess <= 0) return absl::OkStatus();
      if (MakeRoom(request, excess)) continue;
    }
    if (Pause(report_and_check)) {
      return absl::CancelledError("cancelled while the model waited for memory");
    }
  }
}

absl::Status Manager::CheckRoomCanBeMade(const RoomRequest& request) const {
  int64_t pinned_bytes = 0;
  std::vector<std::string> pinned;
  bool beside_itself = false;
  for (const SlotPtr& slot : slots_) {
    if (slot.get() == request.slot || !slot->entry->pin || slot->bytes == 0) continue;
    pinned_bytes += slot->bytes;
    beside_itself = beside_itself || slot->id == request.slot->id;
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
      beside_itself ? "set residency.reload: memory, which unloads the old one first, " : "",
      "unpin one, ", advice));
}

bool Manager::MakeRoom(const RoomRequest& request, int64_t excess) {
  // Bytes that are free soon: of idle models, and of those that drain.
  int64_t reachable = 0;
  SlotPtr idle;
  SlotPtr drained;
  std::vector<ModelSlot*> busy;
  const absl::Time old_enough = absl::Now() - options_.least_residency;
  for (const auto* slots : {&others_, &slots_}) {
    for (const SlotPtr& slot : *slots) {
      if (slot.get() == request.slot || slot->bytes == 0) continue;
      if (slot->IsDrained()) drained = slot;
      if (slot->state == ModelState::kDraining) reachable += slot->bytes;
      if (slot->entry->pin || slot->state != ModelState::kReady) continue;
      if (slot->IsIdle()) {
        reachable += slot->bytes;
        if (idle == nullptr || slot->last_used < idle->last_used) idle = slot;
      } else if (slot->handles > 0 && slot->loaded_at <= old_enough) {
        busy.push_back(slot.get());
      }
    }
  }
  if (drained != nullptr) {
    Free(drained, drained->cause, drained->reason);
    return true;
  }
  if (idle != nullptr && reachable >= excess) {
    Free(idle, UnloadCause::kEvicted, MakesRoomFor(*request.slot));
    return true;
  }
  std::sort(busy.begin(), busy.end(),
            [](const ModelSlot* a, const ModelSlot* b) { return a->loaded_at < b->loaded_at; });
  for (ModelSlot* slot : busy) {
    if (reachable >= excess) break;
    slot->cause = UnloadCause::kEvicted;
    SetState(slot, ModelState::kDraining, MakesRoomFor(*request.slot));
    reachable += slot->bytes;
  }
  return false;
}

void Manager::CancelEvictions() {
  for (const SlotPtr& slot : slots_) {
    if (slot->state != ModelState::kDraining || slot->cause != UnloadCause::kEvicted) continue;
    if (slot->model != nullptr && !slot->retired) SetState(slot.get(), ModelState::kReady);
  }
}

Manager::SlotPtr Manager::NextExpired(absl::Time now, absl::Time* next) const {
  *next = absl::InfiniteFuture();
  for (const SlotPtr& slot : others_) {
    if (slot->retired && slot->IsDrained()) return slot;
  }
  for (const SlotPtr& slot : slots_) {
    if (!slot->IsIdle() || slot->entry->pin) continue;
    const absl::Time end = slot->last_used + slot->entry->keep_alive.value_or(options_.keep_alive);
    if (end <= now) return slot;
    *next = std::min(*next, end);
  }
  return nullptr;
}

void Manager::UnloadIdle() {
  absl::MutexLock lock(&mutex_);
  while (!stopping_) {
    absl::Time next;
    if (const SlotPtr slot = NextExpired(absl::Now(), &next); slot != nullptr) {
      if (slot->retired) {
        Free(slot, UnloadCause::kReloaded, slot->reason);
      } else {
        Free(slot, UnloadCause::kIdle,
             absl::StrCat("idle for ", absl::FormatDuration(
                                           slot->entry->keep_alive.value_or(options_.keep_alive))));
      }
      mutex_.Unlock();
      Notify();
      mutex_.Lock();
      continue;
    }
    const uint64_t before = changes_;
    const auto wake = [this, before]() { return stopping_ || changes_ != before; };
    mutex_.AwaitWithDeadline(absl::Condition(&wake), next);
  }
}

}  // namespace assay::registry
