// The store of evaluations: a local SQLite file, which also holds the outbox to a tracking server.
#ifndef ASSAY_EVALUATOR_STORE_RUN_STORE_H_
#define ASSAY_EVALUATOR_STORE_RUN_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/rating.h"
#include "evaluator/records/tracking.h"

namespace assay::evaluator {

// A tracked run that has not reached the tracking server yet.
struct OutboxEntry {
  int64_t id;
  // The number of failed attempts to send the run.
  int attempts;
  absl::Time created_at;
  TrackedRun run;
};

// What is known about an entry of the outbox without its run's content.
struct WaitingUpload {
  // Empty: the run belongs to no evaluation (feedback).
  std::string evaluation_id;
  std::string run_name;
  absl::Time created_at;
  // The number of failed attempts to send the run.
  int attempts;
  // The entry is due from this time on.
  absl::Time retry_at;
  // The error of the last attempt. Empty before the first one.
  std::string last_error;
};

// The number of attempts in a row without progress after which an evaluation is not resumed any
// more.
inline constexpr int kMaxStalls = 3;

// The number of evaluations without a sample or answer that are kept after they were cancelled. Of
// these, only the models of the plan are kept.
inline constexpr int kMaxEmptyEvaluations = 100;

struct RunStoreOptions {
  // The size of the file (without free pages) from which on no evaluation and no sample is added.
  // 0: no limit.
  int64_t max_bytes = 0;
  // Called when Finish() keeps a result in memory, with the error of the disk, and when
  // RecordKept() has written it. Must not call the store. May be null.
  std::function<void(const std::string& id, const absl::Status& status)> on_kept;
  std::function<void(const std::string& id)> on_recorded;
};

// Stores evaluations, their plans, samples and answers, and the outbox. Samples and answers are
// append-only. Every write is one transaction in WAL mode with full sync, so that after a crash an
// evaluation is in the state of its last write. Methods block on the disk. Thread-safe.
class RunStore {
 public:
  // Opens the store. Creates the file and its folder if necessary, and migrates older schemas. If
  // the disk has no room for that, all methods return RESOURCE_EXHAUSTED until there is.
  // Returns PERMISSION_DENIED, DATA_LOSS (not a database, another application's database, or a
  // newer schema) or FAILED_PRECONDITION (the folder is a file), with the path.
  static absl::StatusOr<std::unique_ptr<RunStore>> Open(const std::string& path,
                                                        RunStoreOptions options = {});
  // Opens the store of a daemon that has stopped, for reading only, also if the disk is full. All
  // errors mean that it cannot be read now.
  static absl::StatusOr<std::unique_ptr<RunStore>> OpenStopped(const std::string& path);
  virtual ~RunStore() = default;

  // Records a new evaluation and its plan. Returns RESOURCE_EXHAUSTED beyond the limits. The same
  // holds for AddSample() and AddAnswer().
  virtual absl::Status Begin(const Evaluation& evaluation, const EvaluationPlan& plan) = 0;
  // Returns ALREADY_EXISTS if the sample was recorded before, and NOT_FOUND if the evaluation does
  // not exist. The same holds for AddAnswer().
  virtual absl::Status AddSample(std::string_view evaluation_id, const Sample& sample) = 0;
  // Replaces the scaling points with `points`, all that were measured so far.
  virtual absl::Status SetScaling(std::string_view evaluation_id,
                                  const std::vector<ScalingPoint>& points) = 0;
  virtual absl::Status AddAnswer(std::string_view evaluation_id, const TaskAnswer& answer) = 0;
  // Records the final state, summaries and analysis, and adds `outbox` to the outbox, all in one
  // transaction. Returns FAILED_PRECONDITION if the evaluation has already ended. Of a cancelled
  // evaluation without samples, answers and scaling, little is kept: see kMaxEmptyEvaluations.
  //
  // If the disk has no room (RESOURCE_EXHAUSTED) or the file is locked (UNAVAILABLE), keeps the
  // result in memory and returns OK. Get() and List() show the kept state, so that every client
  // sees the state that the first one saw; amendments of its runs are left out. RecordKept() writes
  // it. A result that is still kept when the process ends is lost; the next process resumes the
  // evaluation. The memory is bounded, because no evaluation can begin while the disk is full.
  virtual absl::Status Finish(const Evaluation& evaluation,
                              const std::vector<TrackedRun>& outbox) = 0;
  // Writes the kept results. Returns the error of the first one that still cannot be written.
  virtual absl::Status RecordKept() = 0;

  // Records that work on the evaluation begins: from here on, it may be what stops the server. Must
  // be called before its first model is loaded.
  virtual absl::Status BeginAttempt(std::string_view id) = 0;
  // Returns the evaluations in state kRunning, oldest first, which a stopped server left behind.
  // Ends their attempts, and counts those that had one as resumed. If an evaluation made no
  // progress over kMaxStalls attempts, its `error` is set and it must not be resumed: its next
  // sample may be what stops the server. Waiting in the queue is no attempt.
  virtual absl::StatusOr<std::vector<Evaluation>> TakeInterrupted() = 0;
  // Records that the server stops in an orderly way, so that this stop does not count as an attempt
  // without progress.
  virtual absl::Status Suspend(std::string_view id) = 0;

  // Returns NOT_FOUND with the id if the evaluation does not exist. The same holds for Plan(),
  // Samples() and Answers().
  virtual absl::StatusOr<Evaluation> Get(std::string_view id) = 0;
  virtual absl::StatusOr<EvaluationPlan> Plan(std::string_view id) = 0;
  // Returns the samples in the order in which they were taken.
  virtual absl::StatusOr<std::vector<Sample>> Samples(std::string_view id) = 0;
  virtual absl::StatusOr<std::vector<TaskAnswer>> Answers(std::string_view id) = 0;
  // Returns the identities of the samples that succeeded, without reading their texts. NOT_FOUND:
  // the evaluation does not exist.
  virtual absl::StatusOr<std::vector<SampleId>> SuccessfulSamples(std::string_view id) = 0;
  // Returns at most `limit` evaluations, newest first.
  virtual absl::StatusOr<std::vector<Evaluation>> List(int limit) = 0;

  // Records people's ratings of samples, all or none. A rating of the same samples by the same
  // rater replaces the earlier one. Returns NOT_FOUND if the evaluation or a sample does not exist.
  // Scores and names are not checked.
  virtual absl::StatusOr<RatingCounts> AddRatings(std::string_view evaluation_id,
                                                  const std::vector<Rating>& ratings) = 0;
  // Returns the ratings in the order of their time.
  virtual absl::StatusOr<std::vector<Rating>> Ratings(std::string_view id) = 0;
  // Records that a gate was checked on an evaluation, and returns the position of this evaluation
  // among those on which the gate of this subject was checked, from 1. A repeated check does not
  // count again.
  virtual absl::StatusOr<int> CountGateCheck(std::string_view subject,
                                             std::string_view evaluation_id) = 0;

  // Queues amendments in one transaction. A waiting amendment of the same name and run is replaced.
  // Amendments of runs that neither wait nor were sent are left out. Returns the number of queued
  // entries.
  virtual absl::StatusOr<int> QueueAmendments(const std::vector<TrackedRun>& amendments,
                                              absl::Time now) = 0;
  // Returns at most `limit` entries whose retry time has passed, oldest first. Leaves out the
  // amendments of runs that still wait.
  virtual absl::StatusOr<std::vector<OutboxEntry>> PendingOutbox(absl::Time now, int limit) = 0;
  // Removes the entry, whose run is on the tracking server now, and adds the location of the run to
  // the evaluation, if the run belongs to one and the entry is no amendment, in one transaction.
  // Returns NOT_FOUND if the entry does not exist, for example because a newer amendment replaced
  // it.
  virtual absl::Status CompleteOutbox(int64_t id, const RunLink& run) = 0;
  // Counts a failed attempt and hides the entry until `retry_at`. Returns NOT_FOUND if the entry
  // does not exist.
  virtual absl::Status PostponeOutbox(int64_t id, absl::Time retry_at, std::string_view error) = 0;
  // Makes every entry due at `now` that is due later. Attempts and errors are kept.
  virtual absl::Status ExpediteOutbox(absl::Time now) = 0;
  // Returns at most `limit` entries, due or not, oldest first.
  virtual absl::StatusOr<std::vector<WaitingUpload>> WaitingOutbox(int limit) = 0;
  // Returns the time from which the first entry is due, or the infinite future if there is none.
  virtual absl::StatusOr<absl::Time> NextOutboxAttempt() = 0;
  // Returns the number of entries.
  virtual absl::StatusOr<int64_t> OutboxDepth() = 0;
  // Returns the creation time of the oldest entry, or the infinite future if there is none.
  virtual absl::StatusOr<absl::Time> OldestOutbox() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_RUN_STORE_H_
