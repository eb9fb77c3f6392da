// A running request as its caller sees it.
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
#include "engine/runtime/generation/generation.h"

namespace assay::engine {

struct TextEvent {
  std::string text;
  std::vector<TokenId> tokens;
};

// A running request as its caller sees it: a channel of events that ends with the result. The
// generating thread never waits for the reader; the channel holds at most max_new_tokens events.
// Thread-safe.
class GenerationStream : private GenerationSink {
 public:
  using Event = std::variant<TextEvent, absl::StatusOr<GenerationResult>>;

  // Made by Scheduler::Submit().
  explicit GenerationStream(absl::Time deadline) : deadline_(deadline) {}

  // Waits up to `timeout` for the next event; nullopt if none came. After the result there are no
  // more events: then it returns at once. A request whose deadline passes in the queue ends here
  // with DEADLINE_EXCEEDED.
  std::optional<Event> Next(absl::Duration timeout);

  // Waits until the result is there, or until `until`; new text does not wake it.
  void AwaitEnd(absl::Time until) const;

  // Whether the model took it from the queue, ended or not.
  bool HasStarted() const;

  // The computation stops within one token; the last event is then CANCELLED. A request still in
  // the queue ends at once. Calling it again, or after the end, does nothing.
  void Cancel();

 private:
  friend class Scheduler;
  enum class State { kWaiting, kRunning, kFinished };

  void OnText(std::string_view text, absl::Span<const TokenId> tokens) override;
  bool Cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }

  // False if it ended while it waited.
  bool Start();
  // Does nothing after the end.
  void Finish(absl::StatusOr<GenerationResult> result);
  bool IsFinished() const;

  bool HasEnded() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return state_ == State::kFinished; }
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void FinishLocked(absl::StatusOr<GenerationResult> result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Time deadline_;
  std::atomic<bool> cancelled_ = false;
  mutable absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kWaiting;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Event> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_STREAM_H_
