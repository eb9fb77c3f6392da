// The requests of one resident model, computed together.
#include "engine/runtime/scheduler/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/scheduler/prompt_lookup.h"
#include "engine/runtime/scheduler/scoring_sequence.h"
#include "engine/runtime/scheduler/sequence.h"

namespace assay::engine {
namespace {

constexpr absl::Duration kIdleAfter = absl::Seconds(1);

bool GoesBefore(const Sequence& a, const Sequence& b) {
  return a.priority() != b.priority() ? a.priority() > b.priority() : a.number < b.number;
}

// Into its place by priority and arrival.
template <typename Container>
void Insert(std::unique_ptr<Sequence> sequence, Container* into) {
  const auto place = std::find_if(into->begin(), into->end(),
                                  [&](const auto& other) { return GoesBefore(*sequence, *other); });
  into->insert(place, std::move(sequence));
}

// What the executor is given of a step.
struct StepInput {
  std::vector<SequenceChunk> chunks;
  std::vector<TokenChoice> choices;
  std::vector<TokenRating> ratings;
  // Of logits, so far.
  int64_t rows = 0;
};

// draft: the last token and guesses, or empty. Returns whether a token is chosen behind it.
bool AddSequence(Sequence& sequence, int64_t tokens, absl::Span<const TokenId> draft,
                 StepInput* input) {
  const absl::Span<const TokenId> known =
      absl::MakeConstSpan(sequence.tokens())
          .subspan(static_cast<size_t>(sequence.read), static_cast<size_t>(tokens));
  const bool to_the_end = sequence.read + tokens == sequence.length();
  const int64_t rows = draft.empty() ? int64_t{to_the_end} : static_cast<int64_t>(draft.size());
  input->chunks.push_back({.pages = sequence.pages,
                           .tokens = draft.empty() ? known : draft,
                           .position = sequence.read,
                           .first_length = sequence.prompt_length(),
                           .logits = rows});
  if (to_the_end) {
    TokenChoice& choice = input->choices.emplace_back();
    choice.first_row = input->rows;
    choice.sampler = &sequence.sampler();
    if (!draft.empty()) choice.draft = draft.subspan(1);
  }
  input->rows += rows;
  return to_the_end;
}

// rows: of the last tokens.
void AddReading(const ScoringSequence& reading, int64_t tokens, int64_t rows, StepInput* input) {
  const auto at = [](int64_t t) { return static_cast<size_t>(t); };
  const int64_t end = reading.read + tokens;
  input->chunks.push_back({.pages = reading.pages,
                           .tokens = reading.tokens.subspan(at(reading.read), at(tokens)),
                           .position = reading.read,
                           .first_length = reading.length(),
                           .logits = rows});
  for (int64_t t = end - rows; t < end; ++t) {
    input->ratings.push_back({.row = input->rows++, .token = reading.tokens[at(t + 1)]});
  }
}

}  // namespace

Scheduler::Scheduler(Model model, Options options)
    : model_(std::move(model)),
      options_(options),
      pool_(model_.executor->pages()),
      prefixes_(&pool_, options.prefix_cache),
      budget_(options.prefill_chunk),
      thread_([this] { RunLoop(); }) {}

Scheduler::~Scheduler() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
  const absl::MutexLock step(&step_mutex_);
  const absl::MutexLock lock(&mutex_);
  const absl::Status stopped = absl::CancelledError("cancelled: the model is being unloaded");
  for (const SequencePtr& sequence : batch_) sequence->stream->Finish(stopped);
  for (const SequencePtr& sequence : waiting_) sequence->stream->Finish(stopped);
}

absl::StatusOr<std::shared_ptr<GenerationStream>> Scheduler::Submit(GenerationRequest request) {
  RETURN_IF_ERROR(ValidateRequest(request));
  ASSIGN_OR_RETURN(EncodedPrompt prompt, model_.encode(request.prompt));
  auto stream = std::make_shared<GenerationStream>(request.deadline);
  GenerationSink* sink = stream.get();
  auto sequence = std::make_unique<Sequence>(std::move(request), std::move(prompt),
                                             *model_.tokenizer, model_.context, sink);
  sequence->stream = stream;
  const absl::MutexLock lock(&mutex_);
  DropEnded();
  const int waiting = static_cast<int>(waiting_.size());
  // A request that can run at once does not wait, whatever the limit.
  const int places = std::max(0, options_.max_running - running());
  if (waiting >= options_.max_waiting + places) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue of ", model_.name, " is full: ", waiting, " requests wait (limit ",
                     options_.max_waiting, "); try again later"));
  }
  sequence->number = next_number_++;
  Insert(std::move(sequence), &waiting_);
  return stream;
}

absl::Status Scheduler::RunAlone(absl::FunctionRef<absl::Status(ModelExecutor&)> work) {
  const Visit visit(*this);
  const absl::MutexLock step(&step_mutex_);
  if (!batch_.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(batch_.size(), " requests of ", model_.name, " are running"));
  }
  if (reading_pages_ > 0) {
    return absl::FailedPreconditionError(absl::StrCat("a text is being scored by ", model_.name));
  }
  prefixes_.Free(pool_.size());
  return work(*model_.executor);
}

absl::StatusOr<std::vector<TokenScore>> Scheduler::Score(absl::Span<const TokenId> tokens,
                                                         int64_t first,
                                                         absl::FunctionRef<absl::Status()> wanted) {
  ScoringSequence reading{.tokens = tokens, .first = first, .wanted = wanted};
  reading.scores.reserve(tokens.size() - static_cast<size_t>(first));
  const absl::MutexLock lock(&mutex_);
  readings_.push_back(&reading);
  mutex_.Await(absl::Condition(&reading.done));
  if (!reading.status.ok()) return reading.status;
  return std::move(reading.scores);
}

int Scheduler::waiting() const {
  const absl::MutexLock lock(&mutex_);
  return static_cast<int>(
      std::count_if(waiting_.begin(), waiting_.end(),
                    [](const SequencePtr& sequence) { return !sequence->stream->IsFinished(); }));
}

int64_t Scheduler::free_pages() {
  const Visit visit(*this);
  const absl::MutexLock step(&step_mutex_);
  return pool_.free() + prefixes_.freeable();
}

void Scheduler::RunLoop() {
  while (AwaitWork()) {
    const absl::MutexLock step(&step_mutex_);
    Step();
  }
}

bool Scheduler::AwaitWork() {
  const absl::Condition has_work(this, &Scheduler::HasWork);
  const absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithTimeout(has_work, kIdleAfter)) {
    mutex_.Unlock();
    if (model_.on_idle) model_.on_idle();
    mutex_.Lock();
  }
  mutex_.Await(has_work);
  mutex_.Await(absl::Condition(this, &Scheduler::MayStep));
  return !stopping_;
}

bool Scheduler::HasWork() const {
  return stopping_ || running() > 0 || !waiting_.empty() || !readings_.empty();
}

void Scheduler::Step() {
  Admit();
  DropCancelled();
  const Plan plan = MakePlan();
  if (!plan.parts.empty() || !plan.readings.empty()) Compute(plan);
  CountPages();
}

void Scheduler::CountPages() {
  int64_t pages = 0;
  for (const SequencePtr& sequence : batch_) pages += static_cast<int64_t>(sequence->pages.size());
  used_pages_.store(std::min(pages, pool_.size()), std::memory_order_relaxed);
}

void Scheduler::DropCancelled() {
  for (size_t i = batch_.size(); i-- > 0;) {
    Sequence& sequence = *batch_[i];
    if (absl::Status wanted = sequence.CheckWanted(); !wanted.ok()) End(sequence, wanted);
  }
  // Those that gave way; the others' streams end on their own while they wait.
  const absl::MutexLock lock(&mutex_);
  for (const SequencePtr& sequence : waiting_) {
    const absl::Status wanted = sequence->CheckWanted();
    if (!wanted.ok()) sequence->stream->Finish(wanted);
  }
  DropEnded();
}

void Scheduler::Admit() {
  reading_in_the_way_ = false;
  while (true) {
    SequencePtr next;
    bool starts = false;
    {
      const absl::MutexLock lock(&mutex_);
      DropEnded();
      if (waiting_.empty() || !MakeRoomFor(*waiting_.front())) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
      // It may have been cancelled just now; one that gave way runs already.
      starts = next->stream->Start();
      if (!starts && next->stream->IsFinished()) continue;
      ++running_count_;
    }
    if (starts) next->Begin();
    if (next->reuses_prefix()) next->pages = prefixes_.Find(next->tokens(), &next->prefix);
    next->read = static_cast<int64_t>(next->pages.size()) * kPageTokens;
    if (starts) next->cached_tokens = next->read;
    Insert(std::move(next), &batch_);
  }
}

bool Scheduler::MakeRoomFor(const Sequence& next) {
  const int64_t needed = PagesFor(next.length() + 1);
  const auto places = static_cast<size_t>(options_.max_running);
  size_t kept = batch_.size();
  while (kept >= places || !HasPages(needed, kept)) {
    if (kept == 0 || batch_[kept - 1]->priority() >= next.priority()) {
      reading_in_the_way_ = kept < places && HasPages(needed - reading_pages_, kept);
      return false;
    }
    --kept;
  }
  while (batch_.size() > kept) Preempt(*batch_.back());
  return true;
}

bool Scheduler::HasPages(int64_t count, size_t kept) const {
  int64_t needed = count;
  for (size_t i = 0; i < kept; ++i) {
    const auto has = static_cast<int64_t>(batch_[i]->pages.size());
    // A page at least, to go on.
    needed += std::max<int64_t>(1, PagesFor(batch_[i]->length() + 1) - has);
  }
  const int64_t free = pool_.free() + PagesBehind(kept);
  return free >= needed || free + prefixes_.freeable() >= needed;
}

int64_t Scheduler::PagesBehind(size_t kept) const {
  absl::flat_hash_map<int32_t, int> uses;
  for (size_t i = kept; i < batch_.size(); ++i) {
    for (const int32_t page : batch_[i]->pages) ++uses[page];
  }
  // Whoever shares a page shares it with the prefix cache.
  return std::count_if(uses.begin(), uses.end(), [this](const auto& page_uses) {
    return pool_.users(page_uses.first) - page_uses.second <= 1;
  });
}

Scheduler::Plan Scheduler::MakePlan() {
  const int64_t writing =
      std::count_if(batch_.begin(), batch_.end(),
                    [](const SequencePtr& sequence) { return sequence->is_decoding(); });
  const int64_t tokens = budget_.PromptTokens(writing, model_.executor->contention_interval());
  bool scores = false;
  {
    const absl::MutexLock lock(&mutex_);
    scores = !readings_.empty();
  }
  Plan plan;
  // Prompts and texts to score share what is left.
  plan.parts = PlanBatch(writing, scores ? std::max<int64_t>(1, tokens / 2) : tokens);
  if (!scores) return plan;
  int64_t of_prompts = 0;
  int64_t rows = 0;
  for (const Part& part : plan.parts) {
    if (!part.sequence->is_decoding()) of_prompts += part.tokens;
    rows += 1 + part.guesses();
  }
  plan.readings = PlanReadings(std::max<int64_t>(1, tokens - of_prompts),
                               MostRows(options_.max_running) - rows);
  return plan;
}

std::vector<Scheduler::Part> Scheduler::PlanBatch(int64_t writing, int64_t prompt_tokens) {
  int64_t guesses = kStepDrafts;
  std::vector<Part> parts;
  // Whoever must give way stands behind.
  for (size_t i = 0; i < batch_.size(); ++i) {
    Sequence& sequence = *batch_[i];
    const bool decodes = sequence.is_decoding();
    const int64_t left = sequence.length() - sequence.read;
    Part part{
        .sequence = &sequence, .tokens = decodes ? 1 : std::min(left, prompt_tokens), .draft = {}};
    if (part.tokens == 0) continue;
    if (decodes) part.draft = Draft(sequence, budget_.RowShare(writing), guesses);
    if (!Reserve(sequence, sequence.read + part.tokens + part.guesses())) break;
    if (!decodes) prompt_tokens -= part.tokens;
    guesses -= part.guesses();
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<Scheduler::ReadingPart> Scheduler::PlanReadings(int64_t tokens, int64_t rows) {
  std::vector<ScoringSequence*> readings;
  {
    const absl::MutexLock lock(&mutex_);
    readings.assign(readings_.begin(), readings_.end());
  }
  std::vector<ReadingPart> parts;
  for (ScoringSequence* reading : readings) {
    if (absl::Status wanted = reading->wanted(); !wanted.ok()) {
      EndReading(*reading, wanted);
      continue;
    }
    if (tokens == 0 || rows == 0 || !MayRead(*reading)) continue;
    const int64_t unscored = std::max<int64_t>(0, reading->first - 1 - reading->read);
    const int64_t count = std::min({reading->length() - reading->read, tokens, unscored + rows});
    parts.push_back(
        {.reading = reading, .tokens = count, .rows = std::max<int64_t>(0, count - unscored)});
    tokens -= count;
    rows -= parts.back().rows;
  }
  return parts;
}

bool Scheduler::MayRead(ScoringSequence& reading) {
  if (!reading.pages.empty()) return true;
  if (reading_in_the_way_) return false;
  const int64_t count = PagesFor(reading.length());
  if (HasPages(count, batch_.size())) {
    TakePages(count, &reading.pages);
    reading_pages_ += count;
    return true;
  }
  // Other texts end soon.
  if (HasPages(count - reading_pages_, batch_.size())) return false;
  EndReading(reading, absl::ResourceExhaustedError(absl::StrCat(
                          "the cache of ", model_.name, " is full: ", batch_.size(),
                          " requests run; try again later, or load with more cache_tokens")));
  return false;
}

std::vector<TokenId> Scheduler::Draft(Sequence& sequence, double row_share, int64_t most) {
  if (!sequence.drafts()) return {};
  most = std::min({most, int64_t{options_.draft_tokens}, sequence.left() - 1});
  const absl::Span<const TokenId> found = LookUpDraft(sequence.tokens(), most);
  if (found.empty()) return {};
  const int64_t length =
      sequence.draft_length.Choose(row_share, static_cast<int64_t>(found.size()));
  if (length == 0) sequence.draft_length.Skip();
  const int64_t more =
      PagesFor(sequence.length() + length) - static_cast<int64_t>(sequence.pages.size());
  if (length == 0 || !HasPages(more, batch_.size())) return {};
  std::vector<TokenId> draft = {sequence.tokens().back()};
  draft.insert(draft.end(), found.begin(), found.begin() + length);
  return draft;
}

bool Scheduler::TakePages(int64_t count, std::vector<int32_t>* pages) {
  const int64_t missing = count - static_cast<int64_t>(pages->size()) - pool_.free();
  if (missing > 0) prefixes_.Free(missing);
  while (static_cast<int64_t>(pages->size()) < count) {
    const std::optional<int32_t> page = pool_.Take();
    if (!page.has_value()) return false;
    pages->push_back(*page);
  }
  return true;
}

bool Scheduler::Reserve(Sequence& sequence, int64_t length) {
  while (!TakePages(PagesFor(length), &sequence.pages)) {
    Sequence& last = *batch_.back();
    // A scored text ends soon: no reason to read a whole request again.
    if (&last == &sequence && reading_pages_ > 0) return false;
    const absl::MutexLock lock(&mutex_);
    Preempt(last);
    if (&last == &sequence) return false;
  }
  return true;
}

void Scheduler::Compute(const Plan& plan) {
  StepInput input;
  std::vector<const Part*> read_up;
  int64_t written = 0;
  int64_t prompt_tokens = 0;
  for (const Part& part : plan.parts) {
    if (AddSequence(*part.sequence, part.tokens, part.draft, &input)) read_up.push_back(&part);
    (part.sequence->is_decoding() ? written : prompt_tokens) += part.tokens + part.guesses();
  }
  for (const ReadingPart& part : plan.readings) {
    AddReading(*part.reading, part.tokens, part.rows, &input);
    prompt_tokens += part.tokens;
  }
  const absl::Time start = absl::Now();
  const absl::Status computed = model_.executor->Run({.chunks = input.chunks,
                                                      .choices = absl::MakeSpan(input.choices),
                                                      .ratings = absl::MakeSpan(input.ratings)});
  if (!computed.ok()) {
    for (const Part& part : plan.parts) End(*part.sequence, computed);
    for (const ReadingPart& part : plan.readings) EndReading(*part.reading, computed);
    return;
  }
  for (const Part& part : plan.parts) {
    part.sequence->read += part.tokens;
    if (part.sequence->read < part.sequence->length()) KeepPrefix(*part.sequence);
  }
  for (size_t i = 0; i < read_up.size(); ++i) TakeTokens(*read_up[i], input.choices[i]);
  TakeScores(plan.readings, input.ratings);
  budget_.Learn(written, prompt_tokens, absl::Now() - start - model_.executor->waited());
}

void Scheduler::TakeScores(const std::vector<ReadingPart>& parts,
                           absl::Span<const TokenRating> ratings) {
  for (const ReadingPart& part : parts) {
    ScoringSequence& reading = *part.reading;
    reading.read += part.tokens;
    absl::Status rated;
    for (const TokenRating& rating : ratings.first(static_cast<size_t>(part.rows))) {
      if (rating.score.ok()) {
        reading.scores.push_back(*rating.score);
      } else {
        rated.Update(rating.score.status());
      }
    }
    ratings.remove_prefix(static_cast<size_t>(part.rows));
    if (!rated.ok() || reading.read == reading.length()) EndReading(reading, std::move(rated));
  }
}

void Scheduler::TakeTokens(const Part& part, const TokenChoice& choice) {
  Sequence& sequence = *part.sequence;
  if (!choice.tokens.ok()) return End(sequence, choice.tokens.status());
  const std::vector<TokenId>& tokens = *choice.tokens;
  const auto accepted = static_cast<int64_t>(tokens.size()) - 1;
  sequence.drafted_tokens += part.guesses();
  sequence.accepted_tokens += accepted;
  sequence.draft_length.Learn(accepted, std::min(part.guesses(), accepted + 1));
  std::optional<FinishReason> end;
  for (size_t i = 0; i < tokens.size() && !end.has_value(); ++i) {
    end = sequence.Accept(tokens[i]);
    // Its key is where the guess has left it.
    if (i > 0 && sequence.read < sequence.length()) ++sequence.read;
  }
  KeepPrefix(sequence);
  if (end.has_value()) End(sequence, sequence.Finish(*end));
}

void Scheduler::KeepPrefix(Sequence& sequence) {
  if (!sequence.reuses_prefix()) return;
  for (int64_t page = sequence.prefix.pages; (page + 1) * kPageTokens <= sequence.read; ++page) {
    prefixes_.Add(
        absl::MakeConstSpan(sequence.tokens())
            .subspan(static_cast<size_t>(page * kPageTokens), static_cast<size_t>(kPageTokens)),
        sequence.pages[static_cast<size_t>(page)], &sequence.prefix);
  }
}

void Scheduler::Preempt(Sequence& sequence) {
  ++sequence.preemptions;
  Insert(Remove(sequence), &waiting_);
}

void Scheduler::End(Sequence& sequence, absl::StatusOr<GenerationResult> result) {
  SequencePtr removed;
  {
    const absl::MutexLock lock(&mutex_);
    removed = Remove(sequence);
  }
  // Last: whoever reads it sees the place free.
  removed->stream->Finish(std::move(result));
}

void Scheduler::EndReading(ScoringSequence& reading, absl::Status status) {
  reading_pages_ -= static_cast<int64_t>(reading.pages.size());
  ReleasePages(&reading.pages);
  reading.status = std::move(status);
  const absl::MutexLock lock(&mutex_);
  readings_.erase(std::find(readings_.begin(), readings_.end(), &reading));
  // Its caller may go on, and it is no more.
  reading.done = true;
}

void Scheduler::ReleasePages(std::vector<int32_t>* pages) {
  for (const int32_t page : *pages) pool_.Release(page);
  pages->clear();
}

Scheduler::SequencePtr Scheduler::Remove(Sequence& sequence) {
  ReleasePages(&sequence.pages);
  sequence.read = 0;
  sequence.prefix = {};
  const auto place = std::find_if(batch_.begin(), batch_.end(), [&](const SequencePtr& other) {
    return other.get() == &sequence;
  });
  SequencePtr removed = std::move(*place);
  batch_.erase(place);
  --running_count_;
  return removed;
}

void Scheduler::DropEnded() {
  waiting_.erase(
      std::remove_if(waiting_.begin(), waiting_.end(),
                     [](const SequencePtr& sequence) { return sequence->stream->IsFinished(); }),
      waiting_.end());
}

}  // namespace assay::engine
