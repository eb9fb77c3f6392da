// A run store that keeps results in memory while the disk is full.
#ifndef ASSAY_EVALUATOR_STORE_KEEPING_RUN_STORE_H_
#define ASSAY_EVALUATOR_STORE_KEEPING_RUN_STORE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

// Passes all calls on to another store. If that store has no room for the result of an evaluation
// (RESOURCE_EXHAUSTED) or is locked (UNAVAILABLE), Finish() keeps the result in memory and returns
// OK, and a thread writes it as soon as that is possible. Until then, Get() and List() return the
// kept state, so that every client sees the state that the first one saw. Amendments of kept runs
// are left out, as those of unknown runs. A result that is still kept when the process ends is
// lost; the evaluation is then resumed by the next process.
//
// The memory is bounded by the number of evaluations that can end while the disk is full: no new
// one can begin. Thread-safe; the callbacks are called on any thread and must not call the store.
class KeepingRunStore final : public RunStore {
 public:
  struct Options {
    // The wait before the first retry. It doubles with each failure.
    absl::Duration first_wait = absl::Seconds(1);
    absl::Duration max_wait = absl::Seconds(30);
    // Called when a result is kept, with the error of the disk, and when it was written. May be
    // null.
    std::function<void(const std::string& id, const absl::Status& status)> on_kept;
    std::function<void(const std::string& id)> on_recorded;
  };

  KeepingRunStore(std::unique_ptr<RunStore> store, Options options);
  // Calls Stop().
  ~KeepingRunStore() override;

  // Tries a last time to write the kept results, and ends the thread. Results that are kept later
  // are not written.
  void Stop();

  absl::Status Begin(const Evaluation& evaluation, const EvaluationPlan& plan) override;
  absl::Status AddSample(std::string_view evaluation_id, const Sample& sample) override;
  absl::Status SetScaling(std::string_view evaluation_id,
                          const std::vector<ScalingPoint>& points) override;
  absl::Status AddAnswer(std::string_view evaluation_id, const TaskAnswer& answer) override;
  absl::Status Finish(const Evaluation& evaluation, const std::vector<TrackedRun>& outbox) override;
  absl::Status BeginAttempt(std::string_view id) override;
  absl::StatusOr<std::vector<Evaluation>> TakeInterrupted() override;
  absl::Status Suspend(std::string_view id) override;
  absl::StatusOr<Evaluation> Get(std::string_view id) override;
  absl::StatusOr<EvaluationPlan> Plan(std::string_view id) override;
  absl::StatusOr<std::vector<Sample>> Samples(std::string_view id) override;
  absl::StatusOr<std::vector<TaskAnswer>> Answers(std::string_view id) override;
  absl::StatusOr<std::vector<SampleId>> SuccessfulSamples(std::string_view id) override;
  absl::StatusOr<std::vector<Evaluation>> List(int limit) override;
  absl::StatusOr<RatingCounts> AddRatings(std::string_view evaluation_id,
                                          const std::vector<Rating>& ratings) override;
  absl::StatusOr<std::vector<Rating>> Ratings(std::string_view id) override;
  absl::StatusOr<int> CountGateCheck(std::string_view subject,
                                     std::string_view evaluation_id) override;
  absl::StatusOr<int> QueueAmendments(const std::vector<TrackedRun>& amendments,
                                      absl::Time now) override;
  absl::StatusOr<std::vector<OutboxEntry>> PendingOutbox(absl::Time now, int limit) override;
  absl::Status CompleteOutbox(int64_t id, const RunLink& run) override;
  absl::Status PostponeOutbox(int64_t id, absl::Time retry_at, std::string_view error) override;
  absl::Status ExpediteOutbox(absl::Time now) override;
  absl::StatusOr<std::vector<WaitingUpload>> WaitingOutbox(int limit) override;
  absl::StatusOr<absl::Time> NextOutboxAttempt() override;
  absl::StatusOr<int64_t> OutboxDepth() override;
  absl::StatusOr<absl::Time> OldestOutbox() override;

 private:
  struct Result {
    Evaluation evaluation;
    std::vector<TrackedRun> outbox;
  };
  // By the evaluation's id.
  using Results = std::map<std::string, std::shared_ptr<const Result>>;

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !kept_.empty(); }
  bool Stopping() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; }
  void Retry() ABSL_LOCKS_EXCLUDED(mutex_);
  // Writes the kept results, oldest id first. Returns false at the first one that fails.
  bool WriteKept() ABSL_LOCKS_EXCLUDED(mutex_);
  Results Kept() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<RunStore> store_;
  const Options options_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Only WriteKept() erases.
  Results kept_ ABSL_GUARDED_BY(mutex_);
  // Held while joining, so that two Stop() calls both wait.
  absl::Mutex join_mutex_ ABSL_ACQUIRED_AFTER(mutex_);
  // Must be the last member, because the thread uses the others.
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_KEEPING_RUN_STORE_H_
