// The requests of one resident model, computed together.
#include "engine/runtime/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/prompt_lookup.h"
#include "engine/runtime/sequence.h"

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
  if (absl::Status valid = ValidateRequest(request); !valid.ok()) return valid;
  absl::StatusOr<EncodedPrompt> prompt = model_.encode(request.prompt);
  if (!prompt.ok()) return prompt.status();
  auto stream = std::make_shared<GenerationStream>(request.deadline);
  GenerationSink* sink = stream.get();
  auto sequence = std::make_unique<Sequence>(std::move(request), *std::move(prompt),
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
  const absl::MutexLock step(&step_mutex_);
  if (!batch_.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(batch_.size(), " requests of ", model_.name, " are running"));
  }
  prefixes_.Free(pool_.size());
  return work(*model_.executor);
}

absl::StatusOr<std::vector<int32_t>> Scheduler::TakePages(int64_t count) {
  std::vector<int32_t> pages;
  pages.reserve(static_cast<size_t>(count));
  // A page each stays for those that run.
  const int64_t spare = pool_.free() + prefixes_.freeable() - static_cast<int64_t>(batch_.size());
  while (spare >= count && static_cast<int64_t>(pages.size()) < count) {
    std::optional<int32_t> page = pool_.Take();
    if (!page.has_value() && prefixes_.Free(1) > 0) page = pool_.Take();
    if (!page.has_value()) break;
    pages.push_back(*page);
  }
  if (static_cast<int64_t>(pages.size()) == count) return pages;
  for (const int32_t page : pages) pool_.Release(page);
  return absl::ResourceExhaustedError(
      absl::StrCat("the cache of ", model_.name, " is full: ", batch_.size(),
                   " requests run; try again later, or load with more cache_tokens"));
}

absl::Status Scheduler::ReadBeside(absl::Span<const TokenId> tokens, const Reading& reading,
                                   absl::FunctionRef<void(int64_t, absl::Span<const float>)> visit,
                                   absl::FunctionRef<absl::Status()> wanted) {
  const auto length = static_cast<int64_t>(tokens.size());
  absl::StatusOr<std::vector<int32_t>> pages = std::vector<int32_t>();
  {
    const absl::MutexLock step(&step_mutex_);
    pages = TakePages(PagesFor(length));
  }
  if (!pages.ok()) return pages.status();
  std::vector<float> logits(static_cast<size_t>(reading.vocab));
  absl::Status status;
  for (int64_t done = 0; done < length && status.ok(); done += reading.chunk) {
    status = wanted();
    if (!status.ok()) break;
    const int64_t count = std::min(reading.chunk, length - done);
    const SequenceChunk part{
        .pages = *pages,
        .tokens = tokens.subspan(static_cast<size_t>(done), static_cast<size_t>(count)),
        .position = done,
        .sequence_length = length,
        .logits = done + count > reading.first_row ? LogitsWanted::kAll : LogitsWanted::kNone};
    const absl::MutexLock step(&step_mutex_);
    status = model_.executor->Run({&part, 1});
    for (int64_t row = std::max(done, reading.first_row); row < done + count && status.ok();
         ++row) {
      status = model_.executor->CopyLogits(row - done, absl::MakeSpan(logits));
      if (status.ok()) visit(row, logits);
    }
  }
  const absl::MutexLock step(&step_mutex_);
  for (const int32_t page : *pages) pool_.Release(page);
  return status;
}

int Scheduler::waiting() const {
  const absl::MutexLock lock(&mutex_);
  return static_cast<int>(
      std::count_if(waiting_.begin(), waiting_.end(),
                    [](const SequencePtr& sequence) { return !sequence->stream->IsFinished(); }));
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
  return !stopping_;
}

bool Scheduler::HasWork() const { return stopping_ || running() > 0 || !waiting_.empty(); }

void Scheduler::Step() {
  Admit();
  DropUnwanted();
  const std::vector<Part> parts = Plan();
  if (!parts.empty()) Compute(parts);
  CountPages();
}

void Scheduler::CountPages() {
  int64_t pages = 0;
  for (const SequencePtr& sequence : batch_) pages += static_cast<int64_t>(sequence->pages.size());
  used_pages_.store(std::min(pages, pool_.size()), std::memory_order_relaxed);
}

void Scheduler::DropUnwanted() {
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
  while (running() < options_.max_running) {
    SequencePtr next;
    bool starts = false;
    {
      const absl::MutexLock lock(&mutex_);
      DropEnded();
      if (waiting_.empty() || !HasRoomFor(*waiting_.front(), waiting_.front()->length() + 1)) {
        return;
      }
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

bool Scheduler::HasRoomFor(const Sequence& sequence, int64_t length) {
  // Alone it always fits.
  if (batch_.empty()) return true;
  // A page each for those that run.
  const int64_t needed = PagesFor(length) - static_cast<int64_t>(sequence.pages.size()) +
                         static_cast<int64_t>(batch_.size());
  return pool_.free() >= needed || pool_.free() + prefixes_.freeable() >= needed;
}

std::vector<Scheduler::Part> Scheduler::Plan() {
  const int64_t writing =
      std::count_if(batch_.begin(), batch_.end(),
                    [](const SequencePtr& sequence) { return sequence->is_decoding(); });
  int64_t prompt_tokens = budget_.PromptTokens(writing, model_.executor->takes_turns());
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

std::vector<TokenId> Scheduler::Draft(Sequence& sequence, double row_share, int64_t most) {
  if (!sequence.drafts()) return {};
  most = std::min({most, int64_t{options_.draft_tokens}, sequence.left() - 1});
  const absl::Span<const TokenId> found = LookUpDraft(sequence.tokens(), most);
  if (found.empty()) return {};
  const int64_t length =
      sequence.draft_length.Choose(row_share, static_cast<int64_t>(found.size()));
  if (length == 0) sequence.draft_length.Skip();
  if (length == 0 || !HasRoomFor(sequence, sequence.length() + length)) return {};
  std::vector<TokenId> draft = {sequence.tokens().back()};
  draft.insert(draft.end(), found.begin(), found.begin() + length);
  return draft;
}

bool Scheduler::Reserve(Sequence& sequence, int64_t length) {
  while (static_cast<int64_t>(sequence.pages.size()) < PagesFor(length)) {
    std::optional<int32_t> page = pool_.Take();
    if (!page.has_value() && prefixes_.Free(1) > 0) page = pool_.Take();
    if (page.has_value()) {
      sequence.pages.push_back(*page);
      continue;
    }
    Sequence& last = *batch_.back();
    Preempt(last);
    if (&last == &sequence) return false;
  }
  return true;
}

void Scheduler::Compute(const std::vector<Part>& parts) {
  std::vector<SequenceChunk> chunks;
  chunks.reserve(parts.size());
  int64_t rows = 0;
  int64_t prompt_tokens = 0;
  for (const Part& part : parts) {
    const Sequence& sequence = *part.sequence;
    const bool to_the_end = sequence.read + part.tokens == sequence.length();
    const absl::Span<const TokenId> known =
        absl::MakeConstSpan(sequence.tokens())
            .subspan(static_cast<size_t>(sequence.read), static_cast<size_t>(part.tokens));
    const LogitsWanted of_known = to_the_end ? LogitsWanted::kLast : LogitsWanted::kNone;
    chunks.push_back({.pages = sequence.pages,
                      .tokens = part.draft.empty() ? known : absl::MakeConstSpan(part.draft),
                      .position = sequence.read,
                      .sequence_length = sequence.length(),
                      .logits = part.draft.empty() ? of_known : LogitsWanted::kAll});
    if (sequence.is_decoding()) {
      rows += 1 + part.guesses();
    } else {
      prompt_tokens += part.tokens;
    }
  }
  const absl::Time start = absl::Now();
  const absl::Status computed = model_.executor->Run(chunks);
  if (!computed.ok()) {
    for (const Part& part : parts) End(*part.sequence, computed);
    return;
  }
  TakeResults(parts);
  budget_.Learn(rows, prompt_tokens, absl::Now() - start - model_.executor->waited());
}

void Scheduler::TakeResults(const std::vector<Part>& parts) {
  std::vector<const Part*> read_up;
  std::vector<TokenChoice> choices;
  int64_t row = 0;
  for (const Part& part : parts) {
    Sequence& sequence = *part.sequence;
    sequence.read += part.tokens;
    if (sequence.read < sequence.length()) {
      KeepPrefix(sequence);
      continue;
    }
    read_up.push_back(&part);
    TokenChoice& choice = choices.emplace_back();
    choice.first_row = row;
    choice.sampler = &sequence.sampler();
    if (part.guesses() > 0) choice.draft = absl::MakeConstSpan(part.draft).subspan(1);
    row += 1 + part.guesses();
  }
  if (choices.empty()) return;
  model_.executor->Choose(absl::MakeSpan(choices));
  for (size_t i = 0; i < choices.size(); ++i) TakeTokens(*read_up[i], choices[i]);
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
  ReleasePages(sequence);
  SequencePtr removed = Remove(sequence);
  const absl::MutexLock lock(&mutex_);
  Insert(std::move(removed), &waiting_);
}

void Scheduler::End(Sequence& sequence, absl::StatusOr<GenerationResult> result) {
  ReleasePages(sequence);
  // Removed before the result is out: whoever reads it sees the place free.
  const SequencePtr removed = Remove(sequence);
  removed->stream->Finish(std::move(result));
}

void Scheduler::ReleasePages(Sequence& sequence) {
  for (const int32_t page : sequence.pages) pool_.Release(page);
  sequence.pages.clear();
  sequence.read = 0;
  sequence.prefix = {};
}

Scheduler::SequencePtr Scheduler::Remove(Sequence& sequence) {
  const auto place = std::find_if(batch_.begin(), batch_.end(), [&](const SequencePtr& other) {
    return other.get() == &sequence;
  });
  SequencePtr removed = std::move(*place);
  batch_.erase(place);
  // Under the lock: the waiting thread's condition reads it.
  const absl::MutexLock lock(&mutex_);
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
