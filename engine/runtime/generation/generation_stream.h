// The caller's view of a submitted request.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_STREAM_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_STREAM_H_

#include <atomic>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "engine/runtime/generation/generation.h"

namespace assay::engine {

// A piece of generated text and its tokens.
struct TextEvent {
  std::string text;
  std::vector<TokenId> tokens;
  // Those of `tokens`, if the request wants them.
  std::vector<TokenLogProbabilities> log_probabilities = {};
};

// The caller's view of a submitted request: a channel of events, of which the last is the result.
// The generating thread never waits for the reader; the channel holds at most max_new_tokens text
// events. Thread-safe.
class GenerationStream : private GenerationSink {
 public:
  using Event = std::variant<TextEvent, absl::StatusOr<GenerationResult>>;

  // Called by Scheduler::Submit().
  explicit GenerationStream(SteadyTime deadline) : deadline_(deadline) {}

  // Waits up to `timeout` for the next event and returns it, or nullopt if there is none. After the
  // result there are no more events, and Next() returns at once. A request whose deadline passes in
  // the queue ends here with DEADLINE_EXCEEDED.
  std::optional<Event> Next(absl::Duration timeout);

  // Waits for the result, at most until `until`. New text does not wake the caller.
  void AwaitEnd(SteadyTime until) const;

  // Returns true if the request has left the queue, even if it has ended since. A preempted request
  // is in the queue again.
  bool HasStarted() const;

  // Cancels the request. The computation stops within one token, and the last event is CANCELLED. A
  // request in the queue ends at once. Does nothing if the request was cancelled or has ended.
  void Cancel();

 private:
  friend class Scheduler;
  friend class Sequence;
  enum class State { kWaiting, kRunning, kFinished };

  void OnText(std::string_view text, absl::Span<const TokenId> tokens,
              absl::Span<const TokenLogProbabilities> log_probabilities) override;
  bool Cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }

  // Marks the request as running. Returns false if it ended while it waited, or has started before.
  bool Start();
  // Marks a running request as preempted.
  void Requeue();
  // Sets the result. Does nothing if the request has ended.
  void Finish(absl::StatusOr<GenerationResult> result);
  bool IsFinished() const;

  bool HasEnded() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return state_ == State::kFinished; }
  bool HasEvent() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void FinishLocked(absl::StatusOr<GenerationResult> result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SteadyTime deadline_;
  std::atomic<bool> cancelled_ = false;
  mutable absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kWaiting;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<TextEvent> texts_ ABSL_GUARDED_BY(mutex_);
  // The last event. It has a place of its own, so that a request can end when there is no memory.
  std::optional<absl::StatusOr<GenerationResult>> result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_STREAM_H_
