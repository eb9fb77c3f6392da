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

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "base/work_limit.h"
#include "engine/runtime/generation/encoding_slots.h"
#include "engine/runtime/scheduler/fair_order.h"
#include "engine/runtime/scheduler/prompt_lookup.h"

namespace assay::engine {
namespace {

constexpr absl::Duration kIdleAfter = absl::Seconds(1);
constexpr size_t kLongPromptBytes = size_t{64} << 10;
// Each scored byte takes some bytes more for copies and tokens.
constexpr int64_t kMaxScoredBytes = int64_t{8} << 20;

// The part of a limit that the expected wait may have. Waits turn out up to a tenth longer.
constexpr double kWaitMargin = 0.85;
// The weight of the newest step in the average times of steps.
constexpr double kNewestStep = 0.05;
// The greatest time of a step that counts, relative to what was expected of it.
constexpr double kMostOfExpected = 4;

bool PointeeRunsBefore(const std::unique_ptr<Sequence>& a, const std::unique_ptr<Sequence>& b) {
  return RunsBefore(*a, *b);
}

// Returns the work that is left of a request.
WaitEstimate::Work WorkLeft(const Sequence& sequence) {
  const bool decodes = sequence.is_decoding();
  return {.account = sequence.account,
          .number = sequence.arrival_number,
          .priority = sequence.priority(),
          .prompt_tokens = decodes ? 0 : sequence.length() - sequence.computed,
          .generated_tokens = sequence.generated_tokens(),
          .max_tokens = sequence.max_tokens()};
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
      texts_(
          model_.name,
          {.texts = int64_t{options.max_running} + options.max_waiting, .bytes = kMaxScoredBytes},
          [this] { RequestIdleCall(); }) {
  {
    const MutexLock step(step_mutex_);
    // Admit() must not run out of memory between two owners of a request.
    batch_.reserve(static_cast<size_t>(options.max_running));
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

absl::StatusOr<EncodedPrompt> Scheduler::EncodePrompt(const GenerationRequest& request) {
  const auto bytes = TextBytes(request.prompt);
  const CallContext until_deadline =
      CallContext::WithDeadline(request.deadline).For(request.caller);
  ASSIGN_OR_RETURN(const Slots::Slot slot, AwaitEncodingSlot(bytes, until_deadline));
  const WorkLimit limit(kMaxPromptCpu, until_deadline);
  absl::StatusOr<EncodedPrompt> encoded = model_.encode(request.prompt);
  // Nothing runs after this request, so that nothing else would release its memory.
  if (!encoded.ok() && bytes > kLongPromptBytes) RequestIdleCall();
  return encoded;
}

absl::StatusOr<std::shared_ptr<GenerationStream>> Scheduler::Submit(GenerationRequest request) {
  RETURN_IF_ERROR(ValidateRequest(request));
  {
    // Before the prompt is encoded: a request that is refused should cost nothing.
    const MutexLock lock(mutex_);
    RETURN_IF_ERROR(CheckWait(request));
  }
  ASSIGN_OR_RETURN(EncodedPrompt prompt, EncodePrompt(request));
  auto stream = std::make_shared<GenerationStream>(request.deadline);
  GenerationSink* sink = stream.get();
  auto sequence = std::make_unique<Sequence>(std::move(request), std::move(prompt),
                                             *model_.tokenizer, model_.context, sink);
  sequence->stream = stream;
  const MutexLock lock(mutex_);
  RETURN_IF_ERROR(Enqueue(std::move(sequence)));
  return stream;
}

absl::Status Scheduler::Enqueue(SequencePtr sequence) {
  DropFinished();
  // Others may have come first while the prompt was encoded.
  if (const absl::Status wait = CheckWait(sequence->request()); !wait.ok()) {
    // Its end needs no other report.
    sequence->stream = nullptr;
    return wait;
  }
  FairShare::Account* const account = callers_.Arrive(sequence->request().caller);
  const int waiting = static_cast<int>(waiting_.size());
  // A request that can run at once does not wait, whatever the limit.
  const int free_slots = std::max(0, options_.max_running - running());
  if (waiting >= options_.max_waiting + free_slots && !MakeRoomFor(*account, waiting)) {
    const int own = account->waiting - 1;
    callers_.LeaveWaiting(account);
    sequence->stream = nullptr;
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue of ", model_.name, " is full: ", waiting, " requests wait (limit ",
                     options_.max_waiting, "), ", own, " of them of this caller; try again later"));
  }
  sequence->account = account;
  sequence->arrival_number = next_number_++;
  waiting_.push_back(std::move(sequence));
  return absl::OkStatus();
}

bool Scheduler::MakeRoomFor(const FairShare::Account& caller, int waiting) {
  const size_t removed = ChooseRemoved(waiting_, caller);
  if (removed == waiting_.size()) return false;
  Sequence& sequence = *waiting_[removed];
  sequence.stream->Finish(absl::ResourceExhaustedError(
      absl::StrCat("the queue of ", model_.name, " is full: ", waiting, " requests wait (limit ",
                   options_.max_waiting, "), ", sequence.account->waiting,
                   " of them of this caller; this one made room for another caller, try again "
                   "later")));
  callers_.LeaveWaiting(sequence.account);
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(removed));
  return true;
}

std::vector<WaitEstimate::Work> Scheduler::WaitingWork() const {
  std::vector<WaitEstimate::Work> work;
  work.reserve(waiting_.size());
  for (const SequencePtr& sequence : waiting_) {
    if (!sequence->stream->IsFinished()) work.push_back(WorkLeft(*sequence));
  }
  return work;
}

absl::Status Scheduler::CheckWait(const GenerationRequest& request) const {
  if (request.max_wait == absl::InfiniteDuration()) return absl::OkStatus();
  const absl::Duration wait = estimate_.Expected(request.caller.id, request.caller.share,
                                                 request.priority, callers_, WaitingWork());
  constexpr absl::Duration kShown = absl::Milliseconds(100);
  const auto text = [](absl::Duration duration) {
    return absl::FormatDuration(absl::Trunc(duration, kShown));
  };
  if (wait > kWaitMargin * request.max_wait) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the queue of ", model_.name, " is too long: this request would wait about ", text(wait),
        " (limits.max_wait is ", absl::FormatDuration(request.max_wait), "); try again later"));
  }
  if (wait <= request.deadline.Left()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the queue of ", model_.name, " is too long: this request would wait about ",
                   text(wait), " and has ", text(request.deadline.Left()),
                   " until its deadline; try again later, or with a later deadline"));
}

absl::Duration Scheduler::expected_wait() const {
  const MutexLock lock(mutex_);
  return estimate_.Backlog(WaitingWork());
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
  scoring.account = callers_.Arrive(context.caller());
  scoring_.push_back(&scoring);
  mutex_.Await(absl::Condition(&scoring.done));
  if (!scoring.status.ok()) return scoring.status;
  return std::move(scoring.scores);
}

int Scheduler::waiting() const {
  const MutexLock lock(mutex_);
  return static_cast<int>(
      std::count_if(waiting_.begin(), waiting_.end(),
                    [](const SequencePtr& sequence) { return !sequence->stream->IsFinished(); }));
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
    callers_.LeaveWaiting(scoring->account);
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
      estimate_.Add(WorkLeft(*next));
      ++running_count_;
    }
    Sequence& admitted = *next;
    batch_.push_back(std::move(next));
    if (starts) admitted.Begin();
    cache_.ReusePrefix(admitted);
    if (!starts) continue;
    admitted.cached_tokens = admitted.computed;
    admitted.charged_tokens = admitted.computed;
    const MutexLock lock(mutex_);
    callers_.Charge(admitted.account,
                    kCachedTokenCost * static_cast<double>(admitted.cached_tokens));
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
  Charge(plan);
  StepInput input = MakeStepInput(plan);
  const SteadyTime start = SteadyTime::Now();
  const absl::Status computed = model_.executor->Run(input.AsStep());
  if (!computed.ok()) {
    for (const RequestChunk& chunk : plan.requests) End(*chunk.sequence, computed);
    for (const ScoringChunk& chunk : plan.scoring) EndScoring(*chunk.sequence, computed);
    return;
  }
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

void Scheduler::RecordPace(const StepInput& input, SteadyTime start) {
  const SteadyTime now = SteadyTime::Now();
  absl::Duration spent = now - busy_since_.value_or(start);
  absl::Duration computing = now - start - model_.executor->waited();
  busy_since_ = batch_.empty() ? std::nullopt : std::optional(now);
  const absl::Duration rows = input.decode_rows == 0 ? absl::ZeroDuration()
                                                     : static_cast<double>(input.decode_rows) *
                                                           budget_.RowTime(input.decode_rows);
  const absl::Duration expected =
      rows + static_cast<double>(input.prompt_tokens) * budget_.PromptTokenTime();
  if (expected > absl::ZeroDuration()) {
    // One step that the machine held up says little about the next ones.
    const absl::Duration most = kMostOfExpected * std::max(1.0, Stretch()) * expected;
    spent = std::min(spent, most);
    computing = std::min(computing, most);
    spent_time_ = (1 - kNewestStep) * spent_time_ + spent;
    expected_time_ = (1 - kNewestStep) * expected_time_ + expected;
  }
  budget_.Record(input.decode_rows, input.prompt_tokens, computing);
}

double Scheduler::Stretch() const {
  return expected_time_ > absl::ZeroDuration() ? absl::FDivDuration(spent_time_, expected_time_)
                                               : 1;
}

void Scheduler::Charge(const StepPlan& plan) {
  const MutexLock lock(mutex_);
  for (const RequestChunk& chunk : plan.requests) {
    Sequence& sequence = *chunk.sequence;
    // Tokens that were computed before a preemption are not the caller's fault.
    const int64_t end = sequence.computed + chunk.tokens;
    const int64_t charged = std::max<int64_t>(0, end - sequence.charged_tokens);
    sequence.charged_tokens = std::max(sequence.charged_tokens, end);
    const double cost = sequence.is_decoding() ? kGeneratedTokenCost : kPromptTokenCost;
    callers_.Charge(sequence.account, cost * static_cast<double>(charged));
  }
  for (const ScoringChunk& chunk : plan.scoring) {
    callers_.Charge(chunk.sequence->account, kPromptTokenCost * static_cast<double>(chunk.tokens));
  }
}

void Scheduler::UpdateEstimate() {
  std::vector<WaitEstimate::Work> running;
  running.reserve(batch_.size());
  for (const SequencePtr& sequence : batch_) running.push_back(WorkLeft(*sequence));
  const double stretch = Stretch();
  const WaitEstimate::Pace pace = {.prompt_token = stretch * budget_.PromptTokenTime(),
                                   .generated_token = stretch * budget_.RowTime(places_)};
  const MutexLock lock(mutex_);
  estimate_.SetRunning(std::move(running), places_);
  estimate_.SetPace(pace);
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
  const auto accepted = static_cast<int64_t>(tokens.size()) - 1;
  sequence.drafted_tokens += chunk.draft_tokens();
  sequence.accepted_tokens += accepted;
  sequence.draft_length.Record(accepted, std::min(chunk.draft_tokens(), accepted + 1));
  std::optional<FinishReason> end;
  for (size_t i = 0; i < tokens.size() && !end.has_value(); ++i) {
    end = sequence.Accept(tokens[i]);
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
  callers_.LeaveWaiting(scoring.account);
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

void Scheduler::DropFinished() {
  std::erase_if(waiting_,
                [this](const SequencePtr& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                  if (!sequence->stream->IsFinished()) return false;
                  callers_.LeaveWaiting(sequence->account);
                  return true;
                });
}

}  // namespace assay::engine
