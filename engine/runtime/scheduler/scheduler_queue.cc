// The queue of the scheduler: which requests may wait, and how long they will.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/fair_share.h"
#include "base/mutex_lock.h"
#include "base/retry_delay.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "base/work_limit.h"
#include "engine/runtime/generation/encoding_slots.h"
#include "engine/runtime/scheduler/fair_order.h"
#include "engine/runtime/scheduler/scheduler.h"

namespace assay::engine {
namespace {

constexpr size_t kLongPromptBytes = size_t{64} << 10;
// The part of a limit that the expected wait may have. Under ten times the sustainable load, waits
// turn out up to a third longer.
constexpr double kWaitMargin = 0.7;
// The weight of the newest step in the average times of steps.
constexpr double kNewestStep = 0.05;
// The greatest time of a step that counts, relative to what was expected of it.
constexpr double kMaxOfExpected = 4;
// The bounds of the delay of a refused caller: waits are estimates, and the queue may be short
// again much earlier than expected.
constexpr absl::Duration kMinRetryDelay = absl::Milliseconds(100);
constexpr absl::Duration kMaxRetryDelay = absl::Minutes(1);

// Refuses a request that may be accepted after `delay`. Zero: nothing is known about that.
absl::Status Refusal(const std::string& message, absl::Duration delay) {
  absl::Status status = absl::ResourceExhaustedError(message);
  if (delay > absl::ZeroDuration()) {
    SetRetryDelay(std::clamp(delay, kMinRetryDelay, kMaxRetryDelay), &status);
  }
  return status;
}

}  // namespace

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
  RETURN_IF_ERROR(ValidateRequest(request, model_.tokenizer->vocab_size()));
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
  absl::Cleanup leave = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    callers_.LeaveWaiting(account);
  };
  const int waiting = static_cast<int>(waiting_.size());
  // A request that can run at once does not wait, whatever the limit.
  const int free_slots = std::max(0, options_.max_running - running());
  if (waiting >= options_.max_waiting + free_slots && !MakeRoomFor(*account, waiting)) {
    sequence->stream = nullptr;
    return Refusal(absl::StrCat("the queue of ", model_.name, " is full: ", waiting,
                                " requests wait (limit ", options_.max_waiting, "), ",
                                account->waiting - 1, " of them of this caller; try again later"),
                   estimate_.NextStart());
  }
  sequence->account = account;
  sequence->arrival_number = next_number_++;
  waiting_.push_back(std::move(sequence));
  std::move(leave).Cancel();
  return absl::OkStatus();
}

bool Scheduler::MakeRoomFor(const FairShare::Account& caller, int waiting) {
  const size_t removed = ChooseRemoved(waiting_, caller);
  if (removed == waiting_.size()) return false;
  Sequence& sequence = *waiting_[removed];
  sequence.stream->Finish(Refusal(
      absl::StrCat("the queue of ", model_.name, " is full: ", waiting, " requests wait (limit ",
                   options_.max_waiting, "), ", sequence.account->waiting,
                   " of them of this caller; this one made room for another caller, try again "
                   "later"),
      estimate_.NextStart()));
  callers_.LeaveWaiting(sequence.account);
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(removed));
  return true;
}

std::vector<WaitEstimate::Work> Scheduler::WaitingWork() const {
  std::vector<WaitEstimate::Work> work;
  work.reserve(waiting_.size());
  for (const SequencePtr& sequence : waiting_) {
    if (!sequence->stream->IsFinished()) work.push_back(WaitEstimate::WorkOf(*sequence));
  }
  return work;
}

absl::Status Scheduler::CheckWait(const GenerationRequest& request) const {
  if (request.max_wait == absl::InfiniteDuration()) return absl::OkStatus();
  const absl::Duration wait = estimate_.Expected(request.caller.id, request.caller.share,
                                                 request.priority, callers_, WaitingWork());
  static constexpr absl::Duration kShown = absl::Milliseconds(100);
  const auto text = [](absl::Duration duration) {
    return absl::FormatDuration(absl::Trunc(duration, kShown));
  };
  const absl::Duration max_wait = kWaitMargin * request.max_wait;
  if (wait > max_wait) {
    return Refusal(
        absl::StrCat("the queue of ", model_.name, " is too long: this request would wait about ",
                     text(wait), " (limits.max_wait is ", absl::FormatDuration(request.max_wait),
                     "); try again later"),
        wait - max_wait);
  }
  const absl::Duration left = request.deadline.Left();
  if (wait <= left) return absl::OkStatus();
  return Refusal(
      absl::StrCat("the queue of ", model_.name, " is too long: this request would wait about ",
                   text(wait), " and has ", text(left),
                   " until its deadline; try again later, or with a later deadline"),
      wait - left);
}

absl::Duration Scheduler::expected_wait() const {
  const MutexLock lock(mutex_);
  return estimate_.Backlog(WaitingWork());
}

int Scheduler::waiting() const {
  const MutexLock lock(mutex_);
  return static_cast<int>(
      std::count_if(waiting_.begin(), waiting_.end(),
                    [](const SequencePtr& sequence) { return !sequence->stream->IsFinished(); }));
}

void Scheduler::DropFinished() {
  std::erase_if(waiting_,
                [this](const SequencePtr& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                  if (!sequence->stream->IsFinished()) return false;
                  callers_.LeaveWaiting(sequence->account);
                  return true;
                });
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
    const absl::Duration most = kMaxOfExpected * std::max(1.0, Stretch()) * expected;
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

void Scheduler::UpdateEstimate() {
  std::vector<WaitEstimate::Work> running;
  running.reserve(batch_.size());
  for (const SequencePtr& sequence : batch_) running.push_back(WaitEstimate::WorkOf(*sequence));
  const double stretch = Stretch();
  const WaitEstimate::Pace pace = {.prompt_token = stretch * budget_.PromptTokenTime(),
                                   .generated_token = stretch * budget_.RowTime(places_)};
  const MutexLock lock(mutex_);
  estimate_.SetRunning(std::move(running), places_);
  estimate_.SetPace(pace);
}

}  // namespace assay::engine
