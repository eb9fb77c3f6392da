// Requests of one resident model, one after the other, in order of arrival.
#ifndef ASSAY_ENGINE_RUNTIME_MODEL_QUEUE_H_
#define ASSAY_ENGINE_RUNTIME_MODEL_QUEUE_H_

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/runtime/language_model.h"

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

  // Made by ModelQueue::Submit().
  explicit GenerationStream(absl::Time deadline) : deadline_(deadline) {}

  // Waits up to `timeout` for the next event; nullopt if none came. After the result there are no
  // more events: then it returns at once. A request whose deadline passes in the queue ends here
  // with DEADLINE_EXCEEDED.
  std::optional<Event> Next(absl::Duration timeout);

  // The computation stops within one token; the last event is then CANCELLED. A request still in
  // the queue ends at once. Calling it again, or after the end, does nothing.
  void Cancel();

 private:
  friend class ModelQueue;
  enum class State { kWaiting, kRunning, kFinished };

  void OnText(std::string_view text, absl::Span<const TokenId> tokens) override;
  bool Cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }

  // False if it ended while it waited.
  bool Start();
  // Does nothing after the end.
  void Finish(absl::StatusOr<GenerationResult> result);
  bool IsWaiting() const;

  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void FinishLocked(absl::StatusOr<GenerationResult> result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Time deadline_;
  std::atomic<bool> cancelled_ = false;
  mutable absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kWaiting;
  std::deque<Event> events_ ABSL_GUARDED_BY(mutex_);
};

// Owns the thread that runs a model. Thread-safe. Destruction cancels what runs and waits for it;
// requests still in the queue end with CANCELLED.
class ModelQueue {
 public:
  struct Options {
    // Requests waiting beyond the running one; more are refused with RESOURCE_EXHAUSTED.
    int max_waiting = 64;
  };

  // `model` must outlive the queue.
  ModelQueue(LanguageModel* model, Options options);
  ~ModelQueue();

  ModelQueue(const ModelQueue&) = delete;
  ModelQueue& operator=(const ModelQueue&) = delete;

  // RESOURCE_EXHAUSTED: the queue is full. Returns at once. The arrival time is the request's own.
  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request);

  // 0 or 1.
  int running() const;
  int waiting() const;

 private:
  struct Entry {
    GenerationRequest request;
    std::shared_ptr<GenerationStream> stream;
  };

  void RunLoop();
  // The next request that still wants to run; nullopt when the queue ends.
  std::optional<Entry> TakeNext();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || !entries_.empty(); }
  // Requests that were cancelled while they waited take no place.
  void DropEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  LanguageModel* const model_;
  const Options options_;
  // Taken before a stream's mutex, never after it.
  mutable absl::Mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<GenerationStream> running_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MODEL_QUEUE_H_
