// A run store that keeps results in memory while the disk is full.
#include "evaluator/store/keeping_run_store.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"

namespace assay::evaluator {
namespace {

// True if the same write may succeed later.
bool MayPass(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status);
}

}  // namespace

KeepingRunStore::KeepingRunStore(std::unique_ptr<RunStore> store, Options options)
    : store_(std::move(store)), options_(std::move(options)), thread_([this] { Retry(); }) {}

KeepingRunStore::~KeepingRunStore() { Stop(); }

void KeepingRunStore::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  MutexLock lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void KeepingRunStore::Retry() {
  absl::Duration wait = options_.first_wait;
  while (true) {
    {
      MutexLock lock(mutex_);
      mutex_.Await(absl::Condition(this, &KeepingRunStore::HasWork));
      mutex_.AwaitWithTimeout(absl::Condition(this, &KeepingRunStore::Stopping), wait);
      if (stopping_) break;
    }
    wait = WriteKept() ? options_.first_wait : std::min(2 * wait, options_.max_wait);
  }
  WriteKept();
}

bool KeepingRunStore::WriteKept() {
  while (true) {
    std::shared_ptr<const Result> next;
    {
      MutexLock lock(mutex_);
      if (kept_.empty()) return true;
      next = kept_.begin()->second;
    }
    // Other errors do not pass. FAILED_PRECONDITION: an earlier write took effect after all.
    if (MayPass(store_->Finish(next->evaluation, next->outbox))) return false;
    {
      MutexLock lock(mutex_);
      kept_.erase(next->evaluation.id);
    }
    if (options_.on_recorded) options_.on_recorded(next->evaluation.id);
  }
}

absl::Status KeepingRunStore::Finish(const Evaluation& evaluation,
                                     const std::vector<TrackedRun>& outbox) {
  {
    MutexLock lock(mutex_);
    if (kept_.contains(evaluation.id)) {
      return absl::FailedPreconditionError(
          absl::StrCat("evaluation '", evaluation.id, "' has already ended"));
    }
  }
  const absl::Status status = store_->Finish(evaluation, outbox);
  if (!MayPass(status)) return status;
  {
    MutexLock lock(mutex_);
    kept_[evaluation.id] =
        std::make_shared<Result>(Result{.evaluation = evaluation, .outbox = outbox});
  }
  if (options_.on_kept) options_.on_kept(evaluation.id, status);
  return absl::OkStatus();
}

KeepingRunStore::Results KeepingRunStore::Kept() {
  MutexLock lock(mutex_);
  return kept_;
}

// The kept results are read before the store: a result that is written in between has the same
// state in both.
absl::StatusOr<Evaluation> KeepingRunStore::Get(std::string_view id) {
  const Results kept = Kept();
  const auto found = kept.find(std::string(id));
  if (found != kept.end()) return found->second->evaluation;
  return store_->Get(id);
}

absl::StatusOr<std::vector<Evaluation>> KeepingRunStore::List(int limit) {
  const Results kept = Kept();
  ASSIGN_OR_RETURN(std::vector<Evaluation> stored, store_->List(limit));
  for (Evaluation& evaluation : stored) {
    const auto found = kept.find(evaluation.id);
    if (found != kept.end()) evaluation = found->second->evaluation;
  }
  return stored;
}

absl::Status KeepingRunStore::Begin(const Evaluation& evaluation, const EvaluationPlan& plan) {
  return store_->Begin(evaluation, plan);
}

absl::Status KeepingRunStore::AddSample(std::string_view evaluation_id, const Sample& sample) {
  return store_->AddSample(evaluation_id, sample);
}

absl::Status KeepingRunStore::SetScaling(std::string_view evaluation_id,
                                         const std::vector<ScalingPoint>& points) {
  return store_->SetScaling(evaluation_id, points);
}

absl::Status KeepingRunStore::AddAnswer(std::string_view evaluation_id, const TaskAnswer& answer) {
  return store_->AddAnswer(evaluation_id, answer);
}

absl::Status KeepingRunStore::BeginAttempt(std::string_view id) { return store_->BeginAttempt(id); }

absl::StatusOr<std::vector<Evaluation>> KeepingRunStore::TakeInterrupted() {
  return store_->TakeInterrupted();
}

absl::Status KeepingRunStore::Suspend(std::string_view id) { return store_->Suspend(id); }

absl::StatusOr<EvaluationPlan> KeepingRunStore::Plan(std::string_view id) {
  return store_->Plan(id);
}

absl::StatusOr<std::vector<Sample>> KeepingRunStore::Samples(std::string_view id) {
  return store_->Samples(id);
}

absl::StatusOr<std::vector<TaskAnswer>> KeepingRunStore::Answers(std::string_view id) {
  return store_->Answers(id);
}

absl::StatusOr<std::vector<SampleId>> KeepingRunStore::SuccessfulSamples(std::string_view id) {
  return store_->SuccessfulSamples(id);
}

absl::StatusOr<RatingCounts> KeepingRunStore::AddRatings(std::string_view evaluation_id,
                                                         const std::vector<Rating>& ratings) {
  return store_->AddRatings(evaluation_id, ratings);
}

absl::StatusOr<std::vector<Rating>> KeepingRunStore::Ratings(std::string_view id) {
  return store_->Ratings(id);
}

absl::StatusOr<int> KeepingRunStore::CountGateCheck(std::string_view subject,
                                                    std::string_view evaluation_id) {
  return store_->CountGateCheck(subject, evaluation_id);
}

absl::StatusOr<int> KeepingRunStore::QueueAmendments(const std::vector<TrackedRun>& amendments,
                                                     absl::Time now) {
  return store_->QueueAmendments(amendments, now);
}

absl::StatusOr<std::vector<OutboxEntry>> KeepingRunStore::PendingOutbox(absl::Time now, int limit) {
  return store_->PendingOutbox(now, limit);
}

absl::Status KeepingRunStore::CompleteOutbox(int64_t id, const RunLink& run) {
  return store_->CompleteOutbox(id, run);
}

absl::Status KeepingRunStore::PostponeOutbox(int64_t id, absl::Time retry_at,
                                             std::string_view error) {
  return store_->PostponeOutbox(id, retry_at, error);
}

absl::Status KeepingRunStore::ExpediteOutbox(absl::Time now) { return store_->ExpediteOutbox(now); }

absl::StatusOr<std::vector<WaitingUpload>> KeepingRunStore::WaitingOutbox(int limit) {
  return store_->WaitingOutbox(limit);
}

absl::StatusOr<absl::Time> KeepingRunStore::NextOutboxAttempt() {
  return store_->NextOutboxAttempt();
}

absl::StatusOr<int64_t> KeepingRunStore::OutboxDepth() { return store_->OutboxDepth(); }

absl::StatusOr<absl::Time> KeepingRunStore::OldestOutbox() { return store_->OldestOutbox(); }

}  // namespace assay::evaluator
