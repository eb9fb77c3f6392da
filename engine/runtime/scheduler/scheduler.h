// Continuous batching: the requests of one model, computed together.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "base/fair_share.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/generation/generation.h"
#include "engine/runtime/generation/generation_stream.h"
#include "engine/runtime/scheduler/kv_cache_manager.h"
#include "engine/runtime/scheduler/model_executor.h"
#include "engine/runtime/scheduler/scoring_sequence.h"
#include "engine/runtime/scheduler/sequence.h"
#include "engine/runtime/scheduler/step_budget.h"
#include "engine/runtime/scheduler/step_plan.h"
#include "engine/runtime/scheduler/text_admission.h"
#include "engine/runtime/scheduler/token_score.h"
#include "engine/runtime/scheduler/wait_estimate.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Runs the requests of one model together, step by step, on a thread of its own. Each step decodes
// one token of every decoding request; beside them it prefills chunks of new prompts and of
// sequences that are scored. Requests join and leave between steps.
//
// The model is shared fairly between callers, in proportion to their shares and counted in tokens
// (base/fair_share.h, fair_order.h); priorities order the requests of one caller.
//
// KvCacheManager decides which requests are admitted, which cached prefixes they skip and how many
// requests are preempted. A preempted request keeps its text, waits, and is recomputed when it is
// admitted again. Where it pays, a step also verifies draft tokens that a request is likely to
// generate next (prompt_lookup.h), and accepts those that the model would have chosen. The results
// are the same as without drafts, sampled ones too.
//
// Running out of memory ends the requests that were being computed with RESOURCE_EXHAUSTED; those
// that wait are tried next.
//
// Thread-safe. Destruction cancels the running requests and waits for the step; waiting requests
// end with CANCELLED.
class Scheduler {
 public:
  // The model. The pointees must outlive the scheduler.
  struct Model {
    // Used in messages.
    std::string name;
    ModelExecutor* executor;
    const Tokenizer* tokenizer;
    std::function<absl::StatusOr<EncodedPrompt>(const Prompt&)> encode;
    // The limit of tokens of one request, prompt and output; the executor's pages must hold as
    // many.
    int context;
    // Called on the scheduler's thread when nothing has run for a second, and again when texts have
    // been encoded since. May be null.
    std::function<void()> on_idle;
  };
  struct Options {
    // The number of requests computed together; at least 1.
    int max_running = 16;
    // The number of requests that wait beside them; more are refused with RESOURCE_EXHAUSTED. A
    // caller that has more of the places than another one makes room for it.
    int max_waiting = 64;
    // The number of prompt tokens in a step while no request decodes; at least 1.
    int prefill_chunk = 128;
    // Must be false for models whose keys depend on the length of the sequence.
    bool prefix_cache = true;
    // The maximum number of draft tokens of one request in a step; 0 = no drafts. Must be 0 where
    // the result of a row depends on the number of rows, or keys depend on the length of the
    // sequence.
    int draft_tokens = 0;
  };
  // The maximum number of draft tokens of all requests in a step.
  static constexpr int kMaxStepDrafts = 16;
  // The maximum number of rows of logits in a step, one of them for a scored sequence, and of
  // tokens.
  static constexpr int64_t MaxRows(int max_running) { return max_running + kMaxStepDrafts + 1; }
  static constexpr int64_t MaxTokens(int max_running, int prefill_chunk) {
    return MaxRows(max_running) + prefill_chunk;
  }
  // The maximum number of texts that are scored or wait for it, and their bytes together.
  static constexpr int64_t MaxTexts(int max_running, int max_waiting) {
    return int64_t{max_running} + max_waiting;
  }
  static constexpr int64_t kMaxTextBytes = int64_t{4} << 20;

  Scheduler(Model model, Options options);
  ~Scheduler();

  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Queues a request. Errors as LanguageModel::Submit(). The arrival time is the request's own.
  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request);

  // Calls work(executor) between two steps, on the caller's thread; it may use all KV pages.
  // FAILED_PRECONDITION: requests are running or a sequence is being scored.
  absl::Status RunAlone(absl::FunctionRef<absl::Status(ModelExecutor&)> work)
      ABSL_LOCKS_EXCLUDED(step_mutex_);

  // Scores tokens [first, end), each given all tokens before it; `first` must be at least 1. The
  // last token is not computed. Steps prefill the sequence beside the running requests, in pages
  // that these do not need: RESOURCE_EXHAUSTED if there are not enough. Blocks. The scheduler's
  // thread checks `context` before each step; its error ends the call.
  absl::StatusOr<std::vector<TokenScore>> Score(absl::Span<const TokenId> tokens, int64_t first,
                                                const CallContext& context)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Counts a text of `bytes` that will be scored, as long as the permit exists. Must be called
  // before it is tokenized. INVALID_ARGUMENT: it has more than kMaxTextBytes. RESOURCE_EXHAUSTED:
  // MaxTexts() texts are counted, or they have more than kMaxTextBytes together. An eighth of both
  // is kept for callers that have no text.
  absl::StatusOr<TextAdmission::Permit> AdmitText(int64_t bytes, const std::string& caller = {}) {
    return texts_.Admit(bytes, caller);
  }

  int running() const { return running_count_.load(std::memory_order_relaxed); }
  int waiting() const;
  // Returns how long a request would wait that came after all others.
  absl::Duration expected_wait() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The number of KV tokens held by running requests after the last step, in whole pages. Shared
  // pages count once per request. Does not wait for a step.
  int64_t cached_tokens() const {
    return used_pages_.load(std::memory_order_relaxed) * kPageTokens;
  }
  // The number of pages that are free or only kept in the prefix cache. Waits for a step.
  int64_t free_pages() ABSL_LOCKS_EXCLUDED(step_mutex_);

 private:
  using SequencePtr = std::unique_ptr<Sequence>;
  // Keeps the next step from beginning while it exists.
  class StepPause {
   public:
    explicit StepPause(Scheduler& scheduler) : scheduler_(scheduler) { Add(1); }
    ~StepPause() { Add(-1); }
    StepPause(const StepPause&) = delete;
    StepPause& operator=(const StepPause&) = delete;

   private:
    void Add(int count) {
      const MutexLock lock(scheduler_.mutex_);
      scheduler_.pauses_ += count;
    }
    Scheduler& scheduler_;
  };

  absl::StatusOr<EncodedPrompt> EncodePrompt(const GenerationRequest& request);
  // RESOURCE_EXHAUSTED: the request would wait too long. The error has the delay after which it
  // would not (base/retry_delay.h).
  absl::Status CheckWait(const GenerationRequest& request) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  std::vector<WaitEstimate::Work> WaitingWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Adds a request to the queue. RESOURCE_EXHAUSTED: the queue is full and no request of another
  // caller makes room, or the request would wait too long; with the delay for the next attempt.
  absl::Status Enqueue(SequencePtr sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Ends and removes a request of another caller that has too many. Returns false if there is none.
  bool MakeRoomFor(const FairShare::Account& caller, int waiting)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void RunLoop();
  // Does one step. Ends what is being computed if the step runs out of memory.
  void TryStep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Ends all running requests and sequences being scored, or the waiting ones if there are none.
  void EndAll(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Lets on_idle be called once more.
  void RequestIdleCall() ABSL_LOCKS_EXCLUDED(mutex_);
  bool MustWake() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return HasWork() || idle_call_due_; }
  // Waits for work. Returns false when the scheduler stops.
  bool AwaitWork();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool MayStep() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return pauses_ == 0 || stopping_; }

  // The phases of a step.
  void Step() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Moves waiting requests into the batch as far as they fit; preempts others for them.
  void Admit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Takes the waiting request that is next and has the requests preempted that make place for it.
  // Returns null if none can run.
  SequencePtr TakeNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_, mutex_);
  void DropCancelled() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  StepPlan PlanStep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  std::vector<RequestChunk> PlanRequests(int64_t decoding, int64_t prompt_tokens)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  std::vector<ScoringChunk> PlanScoring(int64_t tokens, int64_t rows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void Compute(const StepPlan& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);

  // Charges the callers for the tokens that a step has computed. Must be called before the
  // sequences advance. A step that failed is not charged.
  void Charge(const StepPlan& plan, const StepInput& input)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Charges the caller for the tokens up to `end` that it was not charged for before.
  void ChargeUpTo(Sequence& sequence, int64_t end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_, mutex_);
  // Learns from the time of a step that began at `start`.
  void RecordPace(const StepInput& input, SteadyTime start)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Returns the time that steps take relative to what budget_ expects of them.
  double Stretch() const ABSL_SHARED_LOCKS_REQUIRED(step_mutex_);
  // Tells the estimate of waits what runs.
  void UpdateEstimate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);

  // Returns true if the sequence has its pages. Ends it if it cannot get them.
  bool AllocateScoring(ScoringSequence& scoring) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Returns the last token and at most `max_drafts` draft tokens; empty if no draft pays.
  std::vector<TokenId> ProposeDraft(Sequence& sequence, double row_share, int64_t max_drafts)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Gives the sequence room for `tokens` tokens, and preempts the requests after it as needed.
  // Returns false if it was preempted itself or must wait for the pages of scored sequences.
  bool Reserve(Sequence& sequence, int64_t tokens) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void RecordScores(const std::vector<ScoringChunk>& chunks, absl::Span<const TokenRating> ratings)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void AcceptTokens(const RequestChunk& chunk, const TokenChoice& choice)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);

  void Preempt(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_, mutex_);
  void End(Sequence& sequence, absl::StatusOr<GenerationResult> result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  void EndScoring(ScoringSequence& scoring, absl::Status status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_);
  // Frees the sequence's pages and removes it from the batch.
  SequencePtr Remove(Sequence& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(step_mutex_, mutex_);
  // Removes requests that ended while they waited: they must not take up slots of the queue.
  void DropFinished() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Model model_;
  const Options options_;
  const absl::Status out_of_memory_;

  // Held during a step; acquired before mutex_.
  absl::Mutex step_mutex_;
  KvCacheManager cache_ ABSL_GUARDED_BY(step_mutex_);
  StepBudget budget_ ABSL_GUARDED_BY(step_mutex_);
  // The running requests. Sorted by RunsBefore() at the start of each step.
  std::vector<SequencePtr> batch_ ABSL_GUARDED_BY(step_mutex_);
  // True if only the pages of scored sequences keep the first waiting request from running. No
  // other sequence begins to be scored then.
  bool admission_waits_for_scoring_ ABSL_GUARDED_BY(step_mutex_) = false;
  // The number of requests that run if the KV cache has no pages for more; else max_running.
  int places_ ABSL_GUARDED_BY(step_mutex_);
  // The time that went by for the last steps, and the time that budget_ expected for them; older
  // steps have less weight. They differ by what other models and processes take.
  absl::Duration spent_time_ ABSL_GUARDED_BY(step_mutex_);
  absl::Duration expected_time_ ABSL_GUARDED_BY(step_mutex_);
  // The end of the last step if requests were running then.
  std::optional<SteadyTime> busy_since_ ABSL_GUARDED_BY(step_mutex_);

  // Acquired before a stream's mutex, never after it.
  mutable absl::Mutex mutex_;
  FairShare callers_ ABSL_GUARDED_BY(mutex_);
  WaitEstimate estimate_ ABSL_GUARDED_BY(mutex_);
  // New and preempted requests. Has memory for all, so that a preemption never fails.
  std::vector<SequencePtr> waiting_ ABSL_GUARDED_BY(mutex_);
  // The sequences being scored or waiting for it, in order of arrival.
  std::deque<ScoringSequence*> scoring_ ABSL_GUARDED_BY(mutex_);
  int64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  int pauses_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // True if memory was used since the last call of on_idle.
  bool idle_call_due_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<int> running_count_ = 0;
  std::atomic<int64_t> used_pages_ = 0;
  TextAdmission texts_;
  std::thread thread_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_H_
