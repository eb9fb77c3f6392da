// The requests of one resident model, computed together.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_H_

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
#include "absl/types/span.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/generation/generation.h"
#include "engine/runtime/generation/generation_stream.h"
#include "engine/runtime/scheduler/model_executor.h"
#include "engine/runtime/scheduler/page_pool.h"
#include "engine/runtime/scheduler/prefix_cache.h"
#include "engine/runtime/scheduler/step_budget.h"
#include "engine/runtime/scheduler/token_score.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

class Sequence;
struct ScoringSequence;

// Owns the thread that runs a model. Each step reads one token of every request that is writing
// and, beside them, pieces of the prompts of those that are new and of texts that are scored;
// requests come and go between steps. Prompts whose beginning was read before skip it
// (prefix_cache.h). Where a request finds all places taken or the cache full, those of strictly
// lower priority give way to it; where running requests fill the cache, those of the lowest
// priority, the latest first. They give up their pages and are read again later; what they wrote
// stays. Where it pays, a step reads guesses of a request's next tokens along with
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
  // At most, of a step: its rows of logits, one of them a scored text's, and its tokens.
  static constexpr int64_t MostRows(int max_running) { return max_running + kStepDrafts + 1; }
  static constexpr int64_t MostTokens(int max_running, int prefill_chunk) {
    return MostRows(max_running) + prefill_chunk;
  }

  Scheduler(Model model, Options options);
  ~Scheduler();

  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Errors as LanguageModel::Submit(). The arrival time is the request's own.
  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request);

  // Calls work(executor) between two steps, on the caller's thread; the cache is its own then.
  // FAILED_PRECONDITION: requests are running, or a text is being scored.
  absl::Status RunAlone(absl::FunctionRef<absl::Status(ModelExecutor&)> work)
      ABSL_LOCKS_EXCLUDED(step_mutex_);

  // Scores tokens [first, end), each given those before it; `first` is at least 1, and the last
  // token is not read. Steps read it beside the requests, as much as they have room for, over pages
  // that nobody needs: RESOURCE_EXHAUSTED if there are not enough. `wanted` is asked before each
  // step, on the scheduler's thread; what it returns but OK ends the call.
  absl::StatusOr<std::vector<TokenScore>> Score(absl::Span<const TokenId> tokens, int64_t first,
                                                absl::FunctionRef<absl::Status()> wanted)
      ABSL_LOCKS_EXCLUDED(mutex_);

  int running() const { return running_count_.load(std::memory_order_relaxed); }
  int waiting() const;
  // Of running requests, as the last step left it; a page that several share counts for each. Does
  // not wait for a step.
  int64_t cached_tokens() const {
    return used_pages_.load(std::memory_order_relaxed) * kPageTokens;
  }
  // Pages that are free, or only kept for prompts that may come again. Waits for a step.
  int64_t free_pages() ABSL_LOCKS_EXCLUDED(step_mutex_);

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

  // The same of a text that is scored.
  struct ReadingPart {
    ScoringSequence* reading;
    int64_t tokens;
    // The last of them, whose logits score the tokens behind them.
    int64_t rows;
  };
  struct Plan {
    std::vector<Part> parts;
    std::vector<ReadingPart> readings;
  };
  // While it lives no step begins that has not begun.
  class Visit {
   public:
    explicit Visit(Scheduler& scheduler) : scheduler_(scheduler) { Count(1); }
    ~Visit() { Count(-1); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    void Count(int more) {
      const absl::MutexLock lock(&scheduler_.mutex_);
      scheduler_.visits_ += more;
    }
    Scheduler& scheduler_;
  };

  void RunLoop();
  // Waits for work; false when the scheduler ends.
  bool AwaitWork();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool MayStep() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return visits_ == 0 || stopping_; }
  void Step() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Moves waiting requests into the batch while there is room.
  void Admit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Whether a place and pages are there for the request, at the cost of those of lower priority
  // that run: no more of them give way than must, and none if that is not enough.
  bool MakeRoomFor(const Sequence& next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_, mutex_);
  // Whether so many pages are there beside those that the first `kept` of the batch have or need
  // soon.
  bool HasPages(int64_t count, size_t kept) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Those that would come free if all of the batch from `kept` on gave way.
  int64_t PagesBehind(size_t kept) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void CountPages() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void DropCancelled() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  Plan MakePlan() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  std::vector<Part> PlanBatch(int64_t writing, int64_t prompt_tokens)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  std::vector<ReadingPart> PlanReadings(int64_t tokens, int64_t rows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Whether the text may be read on in this step; ends it if it may never be.
  bool MayRead(ScoringSequence& reading) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // The last token and at most `most` guesses; empty if there are none that pay.
  std::vector<TokenId> Draft(Sequence& sequence, double row_share, int64_t most)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Adds pages, free ones or those only kept for prompts that may come again, up to `count`; false
  // if there are not enough.
  bool TakePages(int64_t count, std::vector<int32_t>* pages)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Gives the sequence pages up to `length` tokens, at the cost of those behind it; false if it had
  // to give way itself, or must wait for pages of scored texts.
  bool Reserve(Sequence& sequence, int64_t length) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void Compute(const Plan& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void TakeScores(const std::vector<ReadingPart>& parts, absl::Span<const TokenRating> ratings)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void TakeTokens(const Part& part, const TokenChoice& choice)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Tells the prefix cache which pages are full.
  void KeepPrefix(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void Preempt(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_, mutex_);
  void End(Sequence& sequence, absl::StatusOr<GenerationResult> result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void EndReading(ScoringSequence& reading, absl::Status status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void ReleasePages(std::vector<int32_t>* pages) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // From the batch, with its pages free.
  SequencePtr Remove(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_, mutex_);
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
  // Those of scored texts.
  int64_t reading_pages_ ABSL_GUARDED_BY(step_mutex_) = 0;
  // The first request that waits would run if it had them.
  bool reading_in_the_way_ ABSL_GUARDED_BY(step_mutex_) = false;

  // Taken before a stream's mutex, never after it.
  mutable absl::Mutex mutex_;
  // By priority, then by arrival; preempted ones too.
  std::deque<SequencePtr> waiting_ ABSL_GUARDED_BY(mutex_);
  // Texts to be scored, those that have begun too; by arrival.
  std::deque<ScoringSequence*> readings_ ABSL_GUARDED_BY(mutex_);
  int64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  int visits_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<int> running_count_ = 0;
  std::atomic<int64_t> used_pages_ = 0;
  std::thread thread_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_H_
