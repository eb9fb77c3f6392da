// The caller's view of a submitted request.
#include "engine/runtime/generation/generation_stream.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"

namespace assay::engine {

std::optional<GenerationStream::Event> GenerationStream::Next(absl::Duration timeout) {
  const SteadyTime end = SteadyTime::Now() + timeout;
  const MutexLock lock(mutex_);
  const absl::Condition has_event(this, &GenerationStream::HasEvent);
  mutex_.AwaitWithTimeout(
      has_event, state_ == State::kWaiting ? std::min(timeout, deadline_.Left()) : timeout);
  if (state_ == State::kWaiting && deadline_.HasPassed()) {
    FinishLocked(absl::DeadlineExceededError("the deadline passed while the request was queued"));
  }
  // The request may have begun to run just before its deadline. The scheduler checks the deadline
  // of running requests.
  if (!HasEvent()) mutex_.AwaitWithTimeout(has_event, end.Left());
  if (!texts_.empty()) {
    Event event = std::move(texts_.front());
    texts_.pop_front();
    return event;
  }
  if (!result_.has_value()) return std::nullopt;
  Event event = *std::move(result_);
  result_.reset();
  return event;
}

void GenerationStream::AwaitEnd(SteadyTime until) const {
  const MutexLock lock(mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &GenerationStream::HasEnded), until.Left());
}

void GenerationStream::Cancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  const MutexLock lock(mutex_);
  if (state_ != State::kWaiting) return;
  FinishLocked(absl::CancelledError("cancelled while queued"));
}

void GenerationStream::OnText(std::string_view text, absl::Span<const TokenId> tokens,
                              absl::Span<const TokenLogProbabilities> log_probabilities) {
  const MutexLock lock(mutex_);
  texts_.push_back({.text = std::string(text),
                    .tokens = {tokens.begin(), tokens.end()},
                    .log_probabilities = {log_probabilities.begin(), log_probabilities.end()}});
}

bool GenerationStream::Start() {
  const MutexLock lock(mutex_);
  if (state_ == State::kFinished) return false;
  started_ = true;
  if (state_ == State::kRunning) return false;
  state_ = State::kRunning;
  return true;
}

void GenerationStream::Requeue() {
  const MutexLock lock(mutex_);
  started_ = false;
}

bool GenerationStream::HasStarted() const {
  const MutexLock lock(mutex_);
  return started_;
}

void GenerationStream::Finish(absl::StatusOr<GenerationResult> result) {
  const MutexLock lock(mutex_);
  FinishLocked(std::move(result));
}

void GenerationStream::FinishLocked(absl::StatusOr<GenerationResult> result) {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  result_ = std::move(result);
}

bool GenerationStream::IsFinished() const {
  const MutexLock lock(mutex_);
  return state_ == State::kFinished;
}

bool GenerationStream::HasEvent() const { return !texts_.empty() || state_ == State::kFinished; }

}  // namespace assay::engine
