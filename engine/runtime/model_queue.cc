// Requests of one resident model, one after the other, in order of arrival.
#include "engine/runtime/model_queue.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace assay::engine {

std::optional<GenerationStream::Event> GenerationStream::Next(absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  const absl::MutexLock lock(&mutex_);
  const absl::Condition news(this, &GenerationStream::HasNews);
  mutex_.AwaitWithDeadline(news, state_ == State::kWaiting ? std::min(end, deadline_) : end);
  if (state_ == State::kWaiting && absl::Now() >= deadline_) {
    FinishLocked(absl::DeadlineExceededError("the deadline passed while the request was queued"));
  }
  // It may have begun to run just before its deadline; the running thread watches the deadline from
  // there.
  if (!HasNews()) mutex_.AwaitWithDeadline(news, end);
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void GenerationStream::Cancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  const absl::MutexLock lock(&mutex_);
  if (state_ != State::kWaiting) return;
  FinishLocked(absl::CancelledError("cancelled while queued"));
}

void GenerationStream::OnText(std::string_view text, absl::Span<const TokenId> tokens) {
  const absl::MutexLock lock(&mutex_);
  events_.emplace_back(TextEvent{std::string(text), {tokens.begin(), tokens.end()}});
}

bool GenerationStream::Start() {
  const absl::MutexLock lock(&mutex_);
  if (state_ != State::kWaiting) return false;
  state_ = State::kRunning;
  return true;
}

void GenerationStream::Finish(absl::StatusOr<GenerationResult> result) {
  const absl::MutexLock lock(&mutex_);
  FinishLocked(std::move(result));
}

void GenerationStream::FinishLocked(absl::StatusOr<GenerationResult> result) {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  events_.emplace_back(std::move(result));
}

bool GenerationStream::IsWaiting() const {
  const absl::MutexLock lock(&mutex_);
  return state_ == State::kWaiting;
}

bool GenerationStream::HasNews() const { return !events_.empty() || state_ == State::kFinished; }

ModelQueue::ModelQueue(LanguageModel* model, Options options)
    : model_(model), options_(options), thread_([this] { RunLoop(); }) {}

ModelQueue::~ModelQueue() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const Entry& entry : entries_) entry.stream->Cancel();
    if (running_ != nullptr) running_->Cancel();
  }
  thread_.join();
}

absl::StatusOr<std::shared_ptr<GenerationStream>> ModelQueue::Submit(GenerationRequest request) {
  const absl::MutexLock lock(&mutex_);
  DropEnded();
  const int waiting = static_cast<int>(entries_.size());
  // An idle queue takes one request whatever the limit: it does not wait.
  if (waiting >= options_.max_waiting + (running_ == nullptr ? 1 : 0)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue of ", model_->info().name, " is full: ", waiting,
                     " requests wait (limit ", options_.max_waiting, "); try again later"));
  }
  auto stream = std::make_shared<GenerationStream>(request.deadline);
  entries_.push_back({std::move(request), stream});
  return stream;
}

int ModelQueue::running() const {
  const absl::MutexLock lock(&mutex_);
  return running_ == nullptr ? 0 : 1;
}

int ModelQueue::waiting() const {
  const absl::MutexLock lock(&mutex_);
  return static_cast<int>(std::count_if(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return entry.stream->IsWaiting();
  }));
}

void ModelQueue::RunLoop() {
  while (std::optional<Entry> entry = TakeNext()) {
    GenerationStream& stream = *entry->stream;
    absl::StatusOr<GenerationResult> result = model_->Generate(entry->request, &stream);
    {
      // Before the result is out: whoever reads it sees the queue free.
      const absl::MutexLock lock(&mutex_);
      running_ = nullptr;
    }
    stream.Finish(std::move(result));
  }
}

std::optional<ModelQueue::Entry> ModelQueue::TakeNext() {
  const absl::MutexLock lock(&mutex_);
  while (true) {
    mutex_.Await(absl::Condition(this, &ModelQueue::HasWork));
    if (stopping_) return std::nullopt;
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    if (!entry.stream->Start()) continue;
    running_ = entry.stream;
    return entry;
  }
}

void ModelQueue::DropEnded() {
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                [](const Entry& entry) { return !entry.stream->IsWaiting(); }),
                 entries_.end());
}

}  // namespace assay::engine
