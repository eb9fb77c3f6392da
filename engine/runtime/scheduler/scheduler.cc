// Continuous batching: the requests of one model, computed together.
#include "engine/runtime/scheduler/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "engine/runtime/scheduler/fair_order.h"
#include "engine/runtime/scheduler/prompt_lookup.h"

namespace assay::engine {
namespace {

constexpr absl::Duration kIdleAfter = absl::Seconds(1);

bool PointeeRunsBefore(const std::unique_ptr<Sequence>& a, const std::unique_ptr<Sequence>& b) {
  return RunsBefore(*a, *b);
}

}  // namespace

Scheduler::Scheduler(Model model, Options options)
    : model_(std::move(model)),
      options_(options),
      out_of_memory_(absl::ResourceExhaustedError(absl::StrCat(
          "out of memory while ", model_.name,
          " computed this request; try again later, unload a model, or send shorter texts"))),
      cache_(model_.executor->pages(), options.prefix_cache),
      budget_(options.prefill_chunk),
      places_(options.max_running),
      estimate_(options.max_running),
      texts_(model_.name,
             {.texts = MaxTexts(options.max_running, options.max_waiting), .bytes = kMaxTextBytes},
             [this] { RequestIdleCall(); }) {
  {
    const MutexLock step(step_mutex_);
    // Admit() must not run out of memory between two owners of a request.
    batch_.reserve(static_cast<size_t>(options.max_running));
    const MutexLock lock(mutex_);
    // Enqueue() adds none beyond this number of waiting and running requests.
    waiting_.reserve(static_cast<size_t>(options.max_running) +
                     static_cast<size_t>(options.max_waiting));
  }
  thread_ = std::thread([this] { RunLoop(); });
}

Scheduler::~Scheduler() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  thread_.join();
  const MutexLock step(step_mutex_);
  const MutexLock lock(mutex_);
  const absl::Status stopped = absl::CancelledError("cancelled: the model is being unloaded");
  for (const SequencePtr& sequence : batch_) sequence->stream->Finish(stopped);
  for (const SequencePtr& sequence : waiting_) sequence->stream->Finish(stopped);
}

absl::Status Scheduler::RunAlone(absl::FunctionRef<absl::Status(ModelExecutor&)> work) {
  const StepPause pause(*this);
  const MutexLock step(step_mutex_);
  if (!batch_.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(batch_.size(), " requests of ", model_.name, " are running"));
  }
  if (cache_.scoring_pages() > 0) {
    return absl::FailedPreconditionError(absl::StrCat("a text is being scored by ", model_.name));
  }
  cache_.EvictPrefixes();
  return work(*model_.executor);
}

absl::StatusOr<std::vector<TokenScore>> Scheduler::Score(absl::Span<const TokenId> tokens,
                                                         int64_t first,
                                                         const CallContext& context) {
  ScoringSequence scoring{.tokens = tokens, .first = first, .context = context};
  scoring.scores.reserve(tokens.size() - static_cast<size_t>(first));
  const MutexLock lock(mutex_);
  scoring.account = callers_.ArriveBeside(context.caller());
  absl::Cleanup leave = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    callers_.LeaveBeside(scoring.account);
  };
  scoring_.push_back(&scoring);
  std::move(leave).Cancel();
  mutex_.Await(absl::Condition(&scoring.done));
  if (!scoring.status.ok()) return scoring.status;
  return std::move(scoring.scores);
}

int64_t Scheduler::free_pages() {
  const StepPause pause(*this);
  const MutexLock step(step_mutex_);
  return cache_.available_pages();
}

void Scheduler::RunLoop() {
  while (AwaitWork()) {
    const MutexLock step(step_mutex_);
    TryStep();
  }
}

void Scheduler::TryStep() {
  try {
    Step();
  } catch (const std::bad_alloc&) {
    // A copy of a status needs no memory.
    EndAll(out_of_memory_);
  } catch (const std::exception& error) {
    EndAll(absl::InternalError(absl::StrCat("a step of ", model_.name, " failed: ", error.what())));
  }
}

void Scheduler::EndAll(const absl::Status& status) {
  bool ended = !batch_.empty();
  while (!batch_.empty()) End(*batch_.back(), status);
  const MutexLock lock(mutex_);
  ended = ended || !scoring_.empty();
  for (ScoringSequence* scoring : scoring_) {
    scoring->status = status;
    callers_.LeaveBeside(scoring->account);
    scoring->done = true;
  }
  scoring_.clear();
  running_count_ = 0;
  used_pages_ = 0;
  cache_.Reset();
  if (ended) return;
  for (const SequencePtr& sequence : waiting_) sequence->stream->Finish(status);
  DropFinished();
}

void Scheduler::RequestIdleCall() {
  const MutexLock lock(mutex_);
  idle_call_due_ = true;
}

bool Scheduler::AwaitWork() {
  const absl::Condition has_work(this, &Scheduler::HasWork);
  const MutexLock lock(mutex_);
  while (!mutex_.AwaitWithTimeout(has_work, kIdleAfter)) {
    idle_call_due_ = false;
    {
      const MutexUnlock unlocked(mutex_);
      if (model_.on_idle) model_.on_idle();
    }
    mutex_.Await(absl::Condition(this, &Scheduler::MustWake));
  }
  mutex_.Await(absl::Condition(this, &Scheduler::MayStep));
  return !stopping_;
}

bool Scheduler::HasWork() const {
  return stopping_ || running() > 0 || !waiting_.empty() || !scoring_.empty();
}

void Scheduler::Step() {
  Admit();
  DropCancelled();
  const StepPlan plan = PlanStep();
  if (plan.empty()) {
    busy_since_.reset();
  } else {
    Compute(plan);
  }
  used_pages_.store(cache_.UsedPages(batch_), std::memory_order_relaxed);
  UpdateEstimate();
}

void Scheduler::DropCancelled() {
  for (size_t i = batch_.size(); i-- > 0;) {
    Sequence& sequence = *batch_[i];
    if (absl::Status status = sequence.CheckCancelled(); !status.ok()) End(sequence, status);
  }
  // Preempted requests are checked here; the streams of new ones end on their own.
  const MutexLock lock(mutex_);
  for (const SequencePtr& sequence : waiting_) {
    const absl::Status status = sequence->CheckCancelled();
    if (!status.ok()) sequence->stream->Finish(status);
  }
  DropFinished();
}

Scheduler::SequencePtr Scheduler::TakeNext() {
  DropFinished();
  std::sort(batch_.begin(), batch_.end(), PointeeRunsBefore);
  const auto first = std::min_element(waiting_.begin(), waiting_.end(), PointeeRunsBefore);
  if (first == waiting_.end()) return nullptr;
  const Sequence& next = **first;
  const size_t preemptable = MovePreemptableLast(next, &batch_);
  const auto max_running = static_cast<size_t>(options_.max_running);
  const KvCacheManager::Admission admission =
      cache_.CheckAdmission(next, batch_, preemptable, max_running);
  admission_waits_for_scoring_ = admission.waits_for_scoring;
  if (!admission.fits) {
    places_ = std::max(1, static_cast<int>(std::min(batch_.size(), max_running)));
    std::sort(batch_.begin(), batch_.end(), PointeeRunsBefore);
    return nullptr;
  }
  SequencePtr taken = std::move(*first);
  waiting_.erase(first);
  while (batch_.size() > admission.kept) Preempt(*batch_.back());
  return taken;
}

void Scheduler::Admit() {
  admission_waits_for_scoring_ = false;
  places_ = options_.max_running;
  while (true) {
    SequencePtr next;
    bool starts = false;
    {
      const MutexLock lock(mutex_);
      next = TakeNext();
      if (next == nullptr) return;
      // It may have been cancelled just now. A preempted request has started before.
      starts = next->stream->Start();
      if (!starts && next->stream->IsFinished()) {
        callers_.LeaveWaiting(next->account);
        continue;
      }
      callers_.Start(next->account);
      ++running_count_;
      // Before anything that needs memory: EndAll() ends what is in the batch.
      batch_.push_back(std::move(next));
      estimate_.Add(WaitEstimate::WorkOf(*batch_.back()));
    }
    Sequence& admitted = *batch_.back();
    if (starts) admitted.Begin();
    cache_.ReusePrefix(admitted);
    if (starts) admitted.cached_tokens = admitted.computed;
  }
}

StepPlan Scheduler::PlanStep() {
  const int64_t decoding =
      std::count_if(batch_.begin(), batch_.end(),
                    [](const SequencePtr& sequence) { return sequence->is_decoding(); });
  const int64_t tokens = budget_.PromptTokens(decoding, model_.executor->contention_interval());
  bool scores = false;
  {
    const MutexLock lock(mutex_);
    scores = !scoring_.empty();
  }
  StepPlan plan;
  // Prompts get half of the budget if sequences are scored; these get what is left of it.
  plan.requests = PlanRequests(decoding, scores ? std::max<int64_t>(1, tokens / 2) : tokens);
  if (!scores) return plan;
  int64_t prompt_tokens = 0;
  int64_t rows = 0;
  for (const RequestChunk& chunk : plan.requests) {
    if (!chunk.sequence->is_decoding()) prompt_tokens += chunk.tokens;
    rows += 1 + chunk.draft_tokens();
  }
  plan.scoring = PlanScoring(std::max<int64_t>(1, tokens - prompt_tokens),
                             MaxRows(options_.max_running) - rows);
  return plan;
}

std::vector<RequestChunk> Scheduler::PlanRequests(int64_t decoding, int64_t prompt_tokens) {
  int64_t drafts = kMaxStepDrafts;
  std::vector<RequestChunk> chunks;
  // Reserve() preempts from the end of the batch: never a request that has its chunk already.
  for (size_t i = 0; i < batch_.size(); ++i) {
    Sequence& sequence = *batch_[i];
    const bool decodes = sequence.is_decoding();
    const int64_t left = sequence.length() - sequence.computed;
    RequestChunk chunk{
        .sequence = &sequence, .tokens = decodes ? 1 : std::min(left, prompt_tokens), .draft = {}};
    if (chunk.tokens == 0) continue;
    if (decodes) chunk.draft = ProposeDraft(sequence, budget_.RowShare(decoding), drafts);
    if (!Reserve(sequence, sequence.computed + chunk.tokens + chunk.draft_tokens())) break;
    if (!decodes) prompt_tokens -= chunk.tokens;
    drafts -= chunk.draft_tokens();
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

std::vector<ScoringChunk> Scheduler::PlanScoring(int64_t tokens, int64_t rows) {
  std::vector<ScoringSequence*> sequences;
  {
    const MutexLock lock(mutex_);
    sequences.assign(scoring_.begin(), scoring_.end());
    std::stable_sort(sequences.begin(), sequences.end(),
                     [](const ScoringSequence* a, const ScoringSequence* b) {
                       return a->account->virtual_time < b->account->virtual_time;
                     });
  }
  std::vector<ScoringChunk> chunks;
  for (ScoringSequence* scoring : sequences) {
    if (absl::Status status = scoring->context.Check(); !status.ok()) {
      EndScoring(*scoring, status);
      continue;
    }
    if (tokens == 0 || rows == 0 || !AllocateScoring(*scoring)) continue;
    const int64_t unscored = std::max<int64_t>(0, scoring->first - 1 - scoring->computed);
    const int64_t count =
        std::min({scoring->length() - scoring->computed, tokens, unscored + rows});
    chunks.push_back({.sequence = scoring,
                      .tokens = count,
                      .logit_rows = std::max<int64_t>(0, count - unscored)});
    tokens -= count;
    rows -= chunks.back().logit_rows;
  }
  return chunks;
}

bool Scheduler::AllocateScoring(ScoringSequence& scoring) {
  if (scoring.pages.empty() && admission_waits_for_scoring_) return false;
  const KvCacheManager::ScoringAllocation allocation = cache_.Allocate(scoring, batch_);
  if (allocation == KvCacheManager::ScoringAllocation::kFull) {
    EndScoring(scoring, absl::ResourceExhaustedError(absl::StrCat(
                            "the cache of ", model_.name, " is full: ", batch_.size(),
                            " requests run; try again later, or load with more cache_tokens")));
  }
  return allocation == KvCacheManager::ScoringAllocation::kAllocated;
}

std::vector<TokenId> Scheduler::ProposeDraft(Sequence& sequence, double row_share,
                                             int64_t max_drafts) {
  if (!sequence.allows_drafts()) return {};
  max_drafts =
      std::min({max_drafts, int64_t{options_.draft_tokens}, sequence.remaining_tokens() - 1});
  const absl::Span<const TokenId> found = LookUpDraft(sequence.tokens(), max_drafts);
  if (found.empty()) return {};
  const int64_t length =
      sequence.draft_length.Choose(row_share, static_cast<int64_t>(found.size()));
  if (length == 0) sequence.draft_length.Skip();
  if (length == 0 || !cache_.CanGrow(sequence, sequence.length() + length, batch_)) return {};
  std::vector<TokenId> draft = {sequence.tokens().back()};
  draft.insert(draft.end(), found.begin(), found.begin() + length);
  return draft;
}

bool Scheduler::Reserve(Sequence& sequence, int64_t tokens) {
  while (!cache_.Allocate(sequence, tokens)) {
    Sequence* const victim = cache_.ChooseVictim(sequence, batch_);
    if (victim == nullptr) return false;
    const MutexLock lock(mutex_);
    Preempt(*victim);
    if (victim == &sequence) return false;
  }
  return true;
}

void Scheduler::Compute(const StepPlan& plan) {
  StepInput input = MakeStepInput(plan);
  const SteadyTime start = SteadyTime::Now();
  const absl::Status computed = model_.executor->Run(input.AsStep());
  if (!computed.ok()) {
    for (const RequestChunk& chunk : plan.requests) End(*chunk.sequence, computed);
    for (const ScoringChunk& chunk : plan.scoring) EndScoring(*chunk.sequence, computed);
    return;
  }
  Charge(plan, input);
  for (const RequestChunk& chunk : plan.requests) {
    chunk.sequence->computed += chunk.tokens;
    if (chunk.sequence->computed < chunk.sequence->length()) cache_.CachePrefix(*chunk.sequence);
  }
  for (size_t i = 0; i < input.choosing.size(); ++i) {
    AcceptTokens(*input.choosing[i], input.choices[i]);
  }
  RecordScores(plan.scoring, input.ratings);
  RecordPace(input, start);
}

void Scheduler::Charge(const StepPlan& plan, const StepInput& input) {
  const MutexLock lock(mutex_);
  for (const RequestChunk& chunk : plan.requests) {
    ChargeUpTo(*chunk.sequence, chunk.sequence->computed + chunk.tokens);
  }
  for (size_t i = 0; i < input.choosing.size(); ++i) {
    const RequestChunk& chunk = *input.choosing[i];
    const int64_t accepted = input.choices[i].accepted();
    ChargeUpTo(*chunk.sequence, chunk.sequence->computed + chunk.tokens + accepted);
    callers_.Charge(chunk.sequence->account,
                    kRejectedTokenCost * static_cast<double>(chunk.draft_tokens() - accepted));
  }
  for (const ScoringChunk& chunk : plan.scoring) {
    callers_.Charge(chunk.sequence->account, kPromptTokenCost * static_cast<double>(chunk.tokens));
  }
}

void Scheduler::ChargeUpTo(Sequence& sequence, int64_t end) {
  // Tokens that were computed before a preemption are not the caller's fault.
  const int64_t begin = sequence.charged_tokens;
  const auto charge = [&](double cost, int64_t first, int64_t last) {
    const int64_t tokens = std::min(end, last) - std::max(begin, first);
    if (tokens > 0) callers_.Charge(sequence.account, cost * static_cast<double>(tokens));
  };
  charge(kCachedTokenCost, 0, sequence.cached_tokens);
  charge(kPromptTokenCost, sequence.cached_tokens, sequence.prompt_length());
  charge(kGeneratedTokenCost, sequence.prompt_length(), end);
  sequence.charged_tokens = std::max(begin, end);
}

void Scheduler::RecordScores(const std::vector<ScoringChunk>& chunks,
                             absl::Span<const TokenRating> ratings) {
  for (const ScoringChunk& chunk : chunks) {
    ScoringSequence& scoring = *chunk.sequence;
    scoring.computed += chunk.tokens;
    absl::Status rated;
    for (const TokenRating& rating : ratings.first(static_cast<size_t>(chunk.logit_rows))) {
      if (rating.score.ok()) {
        scoring.scores.push_back(*rating.score);
      } else {
        rated.Update(rating.score.status());
      }
    }
    ratings.remove_prefix(static_cast<size_t>(chunk.logit_rows));
    if (!rated.ok() || scoring.computed == scoring.length()) EndScoring(scoring, std::move(rated));
  }
}

void Scheduler::AcceptTokens(const RequestChunk& chunk, const TokenChoice& choice) {
  Sequence& sequence = *chunk.sequence;
  if (!choice.tokens.ok()) return End(sequence, choice.tokens.status());
  const std::vector<TokenId>& tokens = *choice.tokens;
  const int64_t accepted = choice.accepted();
  sequence.drafted_tokens += chunk.draft_tokens();
  sequence.accepted_tokens += accepted;
  sequence.draft_length.Record(accepted, std::min(chunk.draft_tokens(), accepted + 1));
  std::optional<FinishReason> end;
  for (size_t i = 0; i < tokens.size() && !end.has_value(); ++i) {
    end = sequence.Accept(
        tokens[i], choice.log_probabilities.empty() ? nullptr : &choice.log_probabilities[i]);
    // The KV of an accepted draft token is in the cache already.
    if (i > 0 && sequence.computed < sequence.length()) ++sequence.computed;
  }
  cache_.CachePrefix(sequence);
  if (end.has_value()) End(sequence, sequence.Finish(*end));
}

void Scheduler::Preempt(Sequence& sequence) {
  ++sequence.preemptions;
  callers_.Suspend(sequence.account);
  sequence.stream->Requeue();
  waiting_.push_back(Remove(sequence));
}

void Scheduler::End(Sequence& sequence, absl::StatusOr<GenerationResult> result) {
  SequencePtr removed;
  {
    const MutexLock lock(mutex_);
    removed = Remove(sequence);
    callers_.LeaveRunning(removed->account);
    if (result.ok()) {
      estimate_.RecordText(static_cast<int64_t>(result->tokens.size()), removed->max_tokens());
    }
  }
  // The result is last: a caller that reads it finds the slot and the pages free.
  removed->stream->Finish(std::move(result));
}

void Scheduler::EndScoring(ScoringSequence& scoring, absl::Status status) {
  cache_.Free(scoring);
  scoring.status = std::move(status);
  const MutexLock lock(mutex_);
  scoring_.erase(std::find(scoring_.begin(), scoring_.end(), &scoring));
  callers_.LeaveBeside(scoring.account);
  // The caller of Score() may return after this, and with it `scoring` ends.
  scoring.done = true;
}

Scheduler::SequencePtr Scheduler::Remove(Sequence& sequence) {
  cache_.Free(sequence);
  const auto place = std::find_if(batch_.begin(), batch_.end(), [&](const SequencePtr& other) {
    return other.get() == &sequence;
  });
  SequencePtr removed = std::move(*place);
  batch_.erase(place);
  estimate_.Remove(sequence.arrival_number);
  --running_count_;
  return removed;
}

}  // namespace assay::engine
