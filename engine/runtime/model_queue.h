// Requests of one resident model, one after the other, in order of arrival.
#ifndef ASSAY_ENGINE_RUNTIME_MODEL_QUEUE_H_
#define ASSAY_ENGINE_RUNTIME_MODEL_QUEUE_H_

#include <deque>
#include <memory>
#include <string>
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

// A running request as its caller sees it: a channel of events that ends with the result. The generating thread never
// waits for the reader; the channel holds at most max_new_tokens events. Thread-safe.
class GenerationStream {
 public:
  using Event = std::variant<TextEvent, absl::StatusOr<GenerationResult>>;

  // Waits up to `timeout` for the next event; nullopt if none came. After the result there are no more events.
  std::optional<Event> Next(absl::Duration timeout);

  // The computation stops within one token; the last event is then CANCELLED. A request still in the queue ends at
  // once. Calling it again, or after the end, does nothing.
  void Cancel();
};

// Owns the thread that runs a model. Thread-safe. Destruction cancels what runs and waits for it.
class ModelQueue {
 public:
  struct Options {
    // Requests waiting beyond the running one; more are refused with RESOURCE_EXHAUSTED.
    int max_waiting = 64;
  };

  ModelQueue(LanguageModel* model, Options options);
  ~ModelQueue();

  // RESOURCE_EXHAUSTED: the queue is full. Returns at once. The arrival time is the request's own.
  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request);

  int running() const;
  int waiting() const;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MODEL_QUEUE_H_
