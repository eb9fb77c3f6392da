// The requests of one resident model, computed together.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/generation.h"
#include "engine/runtime/generation_stream.h"
#include "engine/runtime/model_executor.h"
#include "engine/runtime/page_pool.h"
#include "engine/runtime/prefix_cache.h"
#include "engine/runtime/step_budget.h"
#include "engine/text/tokenizer.h"

namespace assay::engine {

class Sequence;

// Owns the thread that runs a model. Each step reads one token of every request that is writing
// and, beside them, pieces of the prompts of those that are new; requests come and go between
// steps. Prompts whose beginning was read before skip it (prefix_cache.h). When the cache is full,
// requests of the lowest priority, the latest first, give up their pages and are read again later;
// what they wrote stays. Where it pays, a step reads guesses of a request's next tokens along with
// its last one (prompt_lookup.h), and keeps those that the model would have chosen: with the same
// choices as one at a time, drawn ones too. Thread-safe. Destruction cancels what runs and waits
// for it; requests still waiting end with CANCELLED.
class Scheduler {
 public:
  // What runs: all must outlive the scheduler.
  struct Model {
    // For messages.
    std::string name;
    ModelExecutor* executor;
    const Tokenizer* tokenizer;
    std::function<absl::StatusOr<EncodedPrompt>(const Prompt&)> encode;
    // Tokens of one request, prompt and text; the executor's pages hold at least as many.
    int context;
    // Called on the scheduler's thread when nothing has run for a second; null = not.
    std::function<void()> on_idle;
  };
  struct Options {
    // Requests computed together, at least 1.
    int max_running = 16;
    // Requests waiting beside them; more are refused with RESOURCE_EXHAUSTED.
    int max_waiting = 64;
    // Prompt tokens of a step when nobody is writing; at least 1.
    int prefill_chunk = 128;
    // False for models whose keys depend on the length of the text.
    bool prefix_cache = true;
    // Guesses in a step for one request; 0: none. Only where rows are computed alike whatever
    // their number, and keys do not depend on the length of the text.
    int draft_tokens = 0;
  };
  // Guesses in a step for all of them.
  static constexpr int kStepDrafts = 16;

  Scheduler(Model model, Options options);
  ~Scheduler();

  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Errors as LanguageModel::Submit(). The arrival time is the request's own.
  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request);

  // Calls work(executor) between two steps, on the caller's thread; the cache is its own then.
  // FAILED_PRECONDITION: requests are running.
  absl::Status RunAlone(absl::FunctionRef<absl::Status(ModelExecutor&)> work);

  struct Reading {
    // Of the logits' rows: the first that is wanted.
    int64_t first_row;
    // Tokens between two looks at the requests.
    int64_t chunk;
    int64_t vocab;
  };
  // Reads `tokens` beside the requests, between their steps, over pages that they do not need;
  // calls visit(row, logits) for each row from first_row on: the logits after that token. On the
  // caller's thread. RESOURCE_EXHAUSTED: the pages are not there; what `wanted` returns but OK,
  // asked before every chunk, ends it.
  absl::Status ReadBeside(absl::Span<const TokenId> tokens, const Reading& reading,
                          absl::FunctionRef<void(int64_t, absl::Span<const float>)> visit,
                          absl::FunctionRef<absl::Status()> wanted)
      ABSL_LOCKS_EXCLUDED(step_mutex_);

  int running() const { return running_count_.load(std::memory_order_relaxed); }
  int waiting() const;
  // Of running requests, as the last step left it; a page that several share counts for each. Does
  // not wait for a step.
  int64_t cached_tokens() const {
    return used_pages_.load(std::memory_order_relaxed) * kPageTokens;
  }

 private:
  using SequencePtr = std::unique_ptr<Sequence>;
  // What a step computes of a sequence.
  struct Part {
    Sequence* sequence;
    int64_t tokens;
    // The last token, and guesses of those after it; empty: none.
    std::vector<TokenId> draft;

    int64_t guesses() const { return draft.empty() ? 0 : static_cast<int64_t>(draft.size()) - 1; }
  };

  void RunLoop();
  // Pages that are free, or only kept for prompts that may come again.
  absl::StatusOr<std::vector<int32_t>> TakePages(int64_t count)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Waits for work; false when the scheduler ends.
  bool AwaitWork();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Step() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Moves waiting requests into the batch while there is room.
  void Admit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Whether the sequence may take pages up to `length` tokens with nobody giving way for it.
  bool HasRoomFor(const Sequence& sequence, int64_t length)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void CountPages() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void DropUnwanted() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  std::vector<Part> Plan() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // The last token and at most `most` guesses; empty if there are none that pay.
  std::vector<TokenId> Draft(Sequence& sequence, double row_share, int64_t most)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Gives the sequence pages up to `length` tokens, at the cost of those behind it; false if it had
  // to give way itself.
  bool Reserve(Sequence& sequence, int64_t length) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void Compute(const std::vector<Part>& parts) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void TakeResults(const std::vector<Part>& parts) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void TakeTokens(const Part& part, const TokenChoice& choice)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Tells the prefix cache which pages are full.
  void KeepPrefix(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void Preempt(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void End(Sequence& sequence, absl::StatusOr<GenerationResult> result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void ReleasePages(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  SequencePtr Remove(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Requests that ended while they waited take no place.
  void DropEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Model model_;
  const Options options_;

  // Held during a step; taken before mutex_.
  absl::Mutex step_mutex_;
  PagePool pool_ ABSL_GUARDED_BY(step_mutex_);
  PrefixCache prefixes_ ABSL_GUARDED_BY(step_mutex_);
  StepBudget budget_ ABSL_GUARDED_BY(step_mutex_);
  // By priority, then by arrival.
  std::vector<SequencePtr> batch_ ABSL_GUARDED_BY(step_mutex_);

  // Taken before a stream's mutex, never after it.
  mutable absl::Mutex mutex_;
  // By priority, then by arrival; preempted ones too.
  std::deque<SequencePtr> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<int> running_count_ = 0;
  std::atomic<int64_t> used_pages_ = 0;
  std::thread thread_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_H_
