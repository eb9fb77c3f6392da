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
#include "engine/runtime/sequence.h"

namespace assay::engine {
namespace {

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
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Scheduler::HasWork));
  return !stopping_;
}

bool Scheduler::HasWork() const { return stopping_ || running() > 0 || !waiting_.empty(); }

void Scheduler::Step() {
  Admit();
  DropUnwanted();
  const std::vector<Part> parts = Plan();
  if (!parts.empty()) Compute(parts);
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
      if (waiting_.empty() || !HasRoomFor(*waiting_.front())) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
      // It may have been cancelled just now; one that gave way runs already.
      starts = next->stream->Start();
      if (!starts && next->stream->IsFinished()) continue;
      ++running_count_;
    }
    if (starts) next->Begin();
    next->pages = prefixes_.Find(next->tokens(), &next->prefix);
    next->read = static_cast<int64_t>(next->pages.size()) * kPageTokens;
    if (starts) next->cached_tokens = next->read;
    Insert(std::move(next), &batch_);
  }
}

bool Scheduler::HasRoomFor(const Sequence& sequence) {
  // Alone it always fits.
  if (batch_.empty()) return true;
  // A page each for those that run.
  const int64_t needed = PagesFor(sequence.length() + 1) + static_cast<int64_t>(batch_.size());
  return pool_.free() >= needed || pool_.free() + prefixes_.freeable() >= needed;
}

std::vector<Scheduler::Part> Scheduler::Plan() {
  const int64_t writing =
      std::count_if(batch_.begin(), batch_.end(),
                    [](const SequencePtr& sequence) { return sequence->is_decoding(); });
  int64_t prompt_tokens = budget_.PromptTokens(writing);
  std::vector<Part> parts;
  // Whoever must give way stands behind.
  for (size_t i = 0; i < batch_.size(); ++i) {
    Sequence& sequence = *batch_[i];
    const bool decodes = sequence.is_decoding();
    const int64_t left = sequence.length() - sequence.read;
    const int64_t tokens = decodes ? 1 : std::min(left, prompt_tokens);
    if (tokens == 0) continue;
    if (!Reserve(sequence, sequence.read + tokens)) break;
    if (!decodes) prompt_tokens -= tokens;
    parts.push_back({.sequence = &sequence, .tokens = tokens});
  }
  return parts;
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
  int64_t writing = 0;
  int64_t prompt_tokens = 0;
  for (const Part& part : parts) {
    const Sequence& sequence = *part.sequence;
    const bool to_the_end = sequence.read + part.tokens == sequence.length();
    chunks.push_back({.pages = sequence.pages,
                      .tokens = absl::MakeConstSpan(sequence.tokens())
                                    .subspan(static_cast<size_t>(sequence.read),
                                             static_cast<size_t>(part.tokens)),
                      .position = sequence.read,
                      .sequence_length = sequence.length(),
                      .logits = to_the_end ? LogitsWanted::kLast : LogitsWanted::kNone});
    if (sequence.is_decoding()) {
      ++writing;
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
  budget_.Learn(writing, prompt_tokens, absl::Now() - start);
}

void Scheduler::TakeResults(const std::vector<Part>& parts) {
  int64_t row = 0;
  for (const Part& part : parts) {
    Sequence& sequence = *part.sequence;
    sequence.read += part.tokens;
    for (int64_t page = sequence.prefix.pages; (page + 1) * kPageTokens <= sequence.read; ++page) {
      prefixes_.Add(
          absl::MakeConstSpan(sequence.tokens())
              .subspan(static_cast<size_t>(page * kPageTokens), static_cast<size_t>(kPageTokens)),
          sequence.pages[static_cast<size_t>(page)], &sequence.prefix);
    }
    if (sequence.read < sequence.length()) continue;
    const absl::StatusOr<TokenId> token = model_.executor->Choose(row++, sequence.sampler());
    if (!token.ok()) {
      End(sequence, token.status());
      continue;
    }
    const std::optional<FinishReason> end = sequence.Accept(*token);
    if (end.has_value()) End(sequence, sequence.Finish(*end));
  }
}

void Scheduler::Preempt(Sequence& sequence) {
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
