// Looks after the store of evaluations in the background.
#include "server/upkeep/evaluation_upkeep.h"

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "base/annotate.h"
#include "base/disk_room.h"
#include "base/mutex_lock.h"

namespace assay::server {
namespace {

// Free pages up to this size are left for later writes.
constexpr int64_t kMaxFreeBytes = int64_t{8} << 20;
constexpr char kCannotRecord[] = "evaluations cannot be recorded";

}  // namespace

EvaluationUpkeep::EvaluationUpkeep(EvaluationDeleter* deleter, Options options)
    : deleter_(deleter),
      options_(std::move(options)),
      context_([this] { return Stopping(); }),
      retention_(deleter, options_.policy) {}

absl::Status EvaluationUpkeep::Start() {
  absl::Status state = Look();
  if (!state.ok() && !absl::IsResourceExhausted(state)) return state;
  SetState(state);
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

EvaluationUpkeep::~EvaluationUpkeep() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    awake_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status EvaluationUpkeep::CanRecord() const {
  const MutexLock lock(mutex_);
  return state_;
}

void EvaluationUpkeep::Wake() {
  const MutexLock lock(mutex_);
  awake_ = true;
}

void EvaluationUpkeep::ReportFull(const absl::Status& status) {
  SetState(Annotate(status, kCannotRecord));
}

bool EvaluationUpkeep::Stopping() const {
  const MutexLock lock(mutex_);
  return stopping_;
}

absl::Status EvaluationUpkeep::Look() {
  // A write is tried only if one failed, or might fail at the start.
  const bool trusts_disk = resumed_ && CanRecord().ok();
  absl::Status state = trusts_disk ? CheckFreeSpace(options_.folder) : ProbeRoom(options_.folder);
  if (state.ok() && !resumed_) {
    state = options_.resume();
    resumed_ = state.ok();
  }
  if (state.ok()) state = options_.record_kept();
  return Annotate(state, kCannotRecord);
}

void EvaluationUpkeep::SetState(const absl::Status& state) {
  {
    const MutexLock lock(mutex_);
    const bool changed = state.ok() != state_.ok();
    state_ = state;
    if (!changed) return;
  }
  if (options_.on_change) options_.on_change(state);
}

void EvaluationUpkeep::Run() {
  while (!context_.IsDone()) {
    if (CanRecord().ok()) ApplyRetention();
    // What was deleted may be what fills the disk.
    if (CanRecord().ok() || purge_) Purge();
    {
      const MutexLock lock(mutex_);
      const absl::Duration wait = state_.ok() ? options_.interval : options_.retry_interval;
      if (mutex_.AwaitWithTimeout(absl::Condition(&awake_), wait)) purge_ = true;
      awake_ = stopping_;
      if (stopping_) return;
    }
    SetState(Look());
    if (options_.on_look) options_.on_look();
  }
}

void EvaluationUpkeep::ApplyRetention() {
  const absl::StatusOr<DeletionResult> result = retention_.Apply(absl::Now(), context_);
  Report(result.status());
  // Some may have been deleted before the error.
  purge_ = purge_ || !result.ok();
  if (!result.ok() || result->deleted.empty()) return;
  purge_ = purge_ || result->freeing;
  if (options_.on_deleted) options_.on_deleted(*result);
}

void EvaluationUpkeep::Purge() {
  const absl::StatusOr<int64_t> free = deleter_->FreeBytes();
  if (!purge_ && free.ok() && *free < kMaxFreeBytes) return;
  int64_t freed = 0;
  const absl::StatusOr<bool> more = deleter_->Purge(context_, &freed);
  Report(more.status());
  purge_ = !more.ok();
}

void EvaluationUpkeep::Report(const absl::Status& status) {
  if (!status.ok() && options_.on_error) options_.on_error(status);
}

}  // namespace assay::server
