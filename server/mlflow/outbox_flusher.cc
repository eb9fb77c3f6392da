// Uploads finished evaluations from the run store to MLflow in the background.
#include "server/mlflow/outbox_flusher.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"

namespace assay::server {
namespace {

constexpr int kEntriesPerFlush = 16;
// How often a waiting caller's deadline and cancellation are checked.
constexpr absl::Duration kContextPollPeriod = absl::Milliseconds(50);
// 2^20 times any sensible initial backoff exceeds every maximum.
constexpr int kMaxDoublings = 20;
// The clock was set back by a person or a time server, not merely slowed down.
constexpr absl::Duration kSetBack = absl::Seconds(1);

// The failure does not depend on the run: the next one would fail in the same way.
bool IsServerFailure(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

}  // namespace

OutboxFlusher::OutboxFlusher(evaluator::RunStore* store, MlflowClient* client,
                             OutboxFlusherOptions options)
    : store_(store), client_(client), options_(std::move(options)), thread_([this] { Run(); }) {}

OutboxFlusher::~OutboxFlusher() { Stop(absl::ZeroDuration()); }

void OutboxFlusher::Wake() {
  const MutexLock lock(mutex_);
  wake_ = true;
}

void OutboxFlusher::Stop(absl::Duration bound) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      stop_by_ = SteadyTime::Now() + bound;
      client_->Expire(stop_by_);
    }
  }
  if (thread_.joinable()) thread_.join();
}

void OutboxFlusher::AttemptAll(const CallContext& context) {
  const MutexLock lock(mutex_);
  const int64_t ticket = ++requested_;
  const auto done = [this, ticket]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return completed_ >= ticket || stopping_;
  };
  while (!context.IsDone()) {
    if (mutex_.AwaitWithTimeout(absl::Condition(&done), kContextPollPeriod)) return;
  }
}

UploadCounts OutboxFlusher::Counts() {
  const MutexLock lock(mutex_);
  return counts_;
}

SteadyTime OutboxFlusher::AwaitWork(bool more) {
  bool attempt_all = false;
  SteadyTime stop_by;
  {
    const MutexLock lock(mutex_);
    const auto requested = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return requested_ > begun_ || stopping_;
    };
    const auto due = [this, &requested]()
                         ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return wake_ || requested(); };
    if (!counts_.paused_until.HasPassed()) {
      // Wake() does not shorten the pause that the server asked for.
      mutex_.AwaitWithTimeout(absl::Condition(&requested), counts_.paused_until.Left());
    } else if (!more) {
      mutex_.AwaitWithTimeout(absl::Condition(&due), options_.poll_interval);
    }
    wake_ = false;
    attempt_all = requested_ > begun_;
    begun_ = requested_;
    if (attempt_all) counts_.paused_until = SteadyTime::InfinitePast();
    stop_by = stop_by_;
  }
  if (attempt_all) {
    server_failures_ = 0;
    const absl::Status expedited = store_->ExpediteOutbox(absl::Now());
    if (!expedited.ok()) ReportStoreError(expedited);
  }
  return stop_by;
}

void OutboxFlusher::Run() {
  bool more = true;
  while (true) {
    const SteadyTime stop_by = AwaitWork(more);
    const bool last = stop_by != SteadyTime::InfiniteFuture();
    if (last && stop_by.HasPassed()) return;
    CheckTimeOfDay();
    more = Flush();
    if (!more) {
      const MutexLock lock(mutex_);
      completed_ = begun_;
    }
    if (last && more) continue;
    DeleteDuplicates(last);
    if (last) return;
  }
}

void OutboxFlusher::CheckTimeOfDay() {
  const absl::Time date = absl::Now();
  const SteadyTime now = SteadyTime::Now();
  const absl::Duration set_back = (now - checked_) - (date - checked_date_);
  checked_date_ = date;
  checked_ = now;
  if (set_back < kSetBack) return;
  if (const absl::Status expedited = store_->ExpediteOutbox(date); !expedited.ok()) {
    ReportStoreError(expedited);
  }
}

bool OutboxFlusher::Flush() {
  const auto entries = store_->PendingOutbox(absl::Now(), kEntriesPerFlush);
  if (!entries.ok()) {
    ReportStoreError(entries.status());
    return false;
  }
  for (const evaluator::OutboxEntry& entry : *entries) {
    if (Upload(entry) != Next::kContinue) return false;
  }
  return entries->size() == kEntriesPerFlush;
}

void OutboxFlusher::DeleteDuplicates(bool last) {
  if (!Counts().paused_until.HasPassed()) return;
  // Failures are retried after the next flush.
  client_->DeleteDuplicates(last ? absl::InfiniteFuture() : absl::Now()).IgnoreError();
}

OutboxFlusher::Next OutboxFlusher::Upload(const evaluator::OutboxEntry& entry) {
  UploadReport report{.entry = entry};
  auto uploaded = client_->Upload(entry.run);
  report.status = uploaded.status();
  Next next = Next::kContinue;
  if (uploaded.ok()) {
    server_failures_ = 0;
    report.uploaded = *std::move(uploaded);
    const absl::Status completed = store_->CompleteOutbox(entry.id, report.uploaded.run);
    // A newer amendment has replaced the entry; it is uploaded next.
    if (!completed.ok() && !absl::IsNotFound(completed)) {
      ReportStoreError(completed);
      next = Next::kStoreFailed;
    }
  } else {
    next = Postpone(report.status, &report);
  }
  {
    const MutexLock lock(mutex_);
    ++(report.status.ok() ? counts_.ok : counts_.failed);
  }
  if (options_.on_upload != nullptr) options_.on_upload(report);
  return next;
}

OutboxFlusher::Next OutboxFlusher::Postpone(const absl::Status& failure, UploadReport* report) {
  const SteadyTime now = SteadyTime::Now();
  report->permanent = !IsTransient(failure);
  report->first_permanent = report->permanent && rejected_.insert(report->entry.id).second;
  absl::Duration wait =
      report->permanent ? options_.permanent_backoff : Backoff(report->entry.attempts);
  Next next = Next::kContinue;
  if (IsExperimentGone(failure)) {
    next = Next::kServerFailed;
    wait = options_.experiment_backoff;
    Pause(now + wait);
  } else if (IsServerFailure(failure)) {
    next = Next::kServerFailed;
    absl::Duration pause = Backoff(server_failures_++);
    if (const auto requested = RetryAfter(failure); requested.has_value()) {
      pause = std::max(pause, std::min(*requested, options_.max_retry_after));
      wait = std::max(wait, pause);
    }
    Pause(now + pause);
  }
  report->retry_at = absl::Now() + wait;
  const absl::Status postponed =
      store_->PostponeOutbox(report->entry.id, report->retry_at, std::string(failure.message()));
  // NOT_FOUND: the entry was deleted with its evaluation, or replaced by a newer amendment.
  if (!postponed.ok() && !absl::IsNotFound(postponed)) {
    ReportStoreError(postponed);
    return Next::kStoreFailed;
  }
  return next;
}

void OutboxFlusher::Pause(SteadyTime until) {
  const MutexLock lock(mutex_);
  counts_.paused_until = until;
}

absl::Duration OutboxFlusher::Backoff(int attempts) {
  const int doublings = std::clamp(attempts, 0, kMaxDoublings);
  const absl::Duration max_wait =
      std::min(options_.initial_backoff * (int64_t{1} << doublings), options_.max_backoff);
  return max_wait * absl::Uniform(random_, 0.5, 1.0);
}

void OutboxFlusher::ReportStoreError(const absl::Status& status) {
  if (options_.on_store_error != nullptr) options_.on_store_error(status);
}

}  // namespace assay::server
