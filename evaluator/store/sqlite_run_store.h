// The implementation of the run store on SQLite. Private to the .cc files of this folder.
#ifndef ASSAY_EVALUATOR_STORE_SQLITE_RUN_STORE_H_
#define ASSAY_EVALUATOR_STORE_SQLITE_RUN_STORE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/status_macros.h"
#include "evaluator/store/run_store.h"
#include "evaluator/store/sqlite.h"

namespace assay::evaluator {

// Implements RunStore with one connection and one mutex, which is held during each operation.
class SqliteRunStore final : public RunStore {
 public:
  // Requires a database with the newest schema.
  SqliteRunStore(std::unique_ptr<sqlite::Database> database, RunStoreOptions options)
      : options_(std::move(options)), database_(std::move(database)) {}

  // Defined in run_store.cc.
  absl::Status Begin(const Evaluation& evaluation, const EvaluationPlan& plan) override;
  absl::Status BeginAttempt(std::string_view id) override;
  absl::StatusOr<std::vector<Evaluation>> TakeInterrupted() override;
  absl::Status Suspend(std::string_view id) override;
  absl::StatusOr<Evaluation> Get(std::string_view id) override;
  absl::StatusOr<std::vector<Evaluation>> List(int limit) override;
  absl::StatusOr<EvaluationPlan> Plan(std::string_view id) override;

  // Defined in run_store_kept.cc.
  absl::Status Finish(const Evaluation& evaluation, const std::vector<TrackedRun>& outbox) override;
  absl::Status RecordKept() override;

  // Defined in run_store_samples.cc.
  absl::Status AddSample(std::string_view evaluation_id, const Sample& sample) override;
  absl::Status SetScaling(std::string_view evaluation_id,
                          const std::vector<ScalingPoint>& points) override;
  absl::Status AddAnswer(std::string_view evaluation_id, const TaskAnswer& answer) override;
  absl::StatusOr<std::vector<Sample>> Samples(std::string_view id) override;
  absl::StatusOr<std::vector<TaskAnswer>> Answers(std::string_view id) override;
  absl::StatusOr<std::vector<SampleId>> SuccessfulSamples(std::string_view id) override;

  // Defined in run_store_ratings.cc.
  absl::StatusOr<RatingCounts> AddRatings(std::string_view evaluation_id,
                                          const std::vector<Rating>& ratings) override;
  absl::StatusOr<std::vector<Rating>> Ratings(std::string_view id) override;

  // Defined in run_store_outbox.cc.
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
  struct KeptResult {
    Evaluation evaluation;
    std::vector<TrackedRun> outbox;
  };

  // Runs one statement whose parameters are `values`.
  template <typename... Values>
  absl::Status Run(std::string_view sql, const Values&... values)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ASSIGN_OR_RETURN(sqlite::Statement statement, database_->Prepare(sql));
    return statement.Bind(values...).Run();
  }

  absl::Status AddRating(std::string_view id, const Rating& rating, RatingCounts* counts)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the evaluations that `clause` (WHERE, ORDER BY) with the parameter `value` selects.
  template <typename Value>
  absl::StatusOr<std::vector<Evaluation>> ReadEvaluations(absl::string_view clause,
                                                          const Value& value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Evaluation> ReadEvaluation(const sqlite::Statement& row)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ReadTrackingRuns(Evaluation* evaluation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns true if the evaluation had an attempt.
  absl::StatusOr<bool> EndAttempt(std::string_view id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Counts a resume. Returns false if the evaluation has stalled and must not be resumed.
  absl::StatusOr<bool> CountResume(const Evaluation& evaluation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Writes the result of an evaluation.
  absl::Status Record(const Evaluation& evaluation, const std::vector<TrackedRun>& outbox)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns RESOURCE_EXHAUSTED if the store has reached its limit.
  absl::Status CheckSize() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Reduces the records of an evaluation that has neither samples nor answers nor scaling, and
  // removes the oldest of those beyond kMaxEmptyEvaluations. Does nothing for others.
  absl::Status CompactIfEmpty(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns NOT_FOUND if the evaluation does not exist.
  absl::Status CheckExists(std::string_view id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Returns `status` with the path of the database and `record` before its message.
  absl::Status AnnotateRecord(const absl::Status& status, absl::string_view record)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RunStoreOptions options_;
  absl::Mutex mutex_;
  // The results for which the disk had no room, by the evaluation's id.
  std::map<std::string, KeptResult, std::less<>> kept_ ABSL_GUARDED_BY(mutex_);
  const std::unique_ptr<sqlite::Database> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_SQLITE_RUN_STORE_H_
