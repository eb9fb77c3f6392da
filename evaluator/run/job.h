// One evaluation, from the first model load to its result in the store.
#ifndef ASSAY_EVALUATOR_RUN_JOB_H_
#define ASSAY_EVALUATOR_RUN_JOB_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/call_context.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/plan/plan.h"
#include "evaluator/run/feed.h"
#include "evaluator/run/job_dependencies.h"
#include "evaluator/run/job_records.h"
#include "evaluator/run/remaining_time.h"
#include "evaluator/run/runner.h"
#include "evaluator/run/sample_measurer.h"
#include "evaluator/run/sample_scorer.h"

namespace assay::evaluator {

// Runs one evaluation. Construction is cheap; Run() takes minutes to hours. Run() or Fail() must be
// called once, on one thread. Cancel(), Suspend() and Announce() may be called on any thread.
//
// Run() works in this order:
// 1. It loads each model once and warms it up with one short generation that is not measured. A
//    model that cannot be loaded fails all its samples with that error.
// 2. It takes the samples in the order of OrderSamples(), except those that an earlier run
// recorded. With early stopping, it ends this step after a block if StopReason() says so
// (analysis/early_stop.h), which a resumed job decides again from the recorded samples.
// 3. It answers the tasks.
// 4. It measures scaling.
// 5. It records the result: state, summaries, analysis, and the outbox entries.
//
// The evaluation ends as kSucceeded if a sample or an answer succeeded, otherwise as kFailed with
// the first error. It also ends as kFailed if the store cannot record a sample, or if a model's
// revision differs from that of the recorded samples. If it is cancelled before everything
// (including scaling) is measured, it ends as kCancelled. If it is suspended, it stays kRunning in
// the store.
class Job {
 public:
  // `recorded` must be in the store already. The job does not keep the feed alive.
  Job(Evaluation evaluation, EvaluationPlan plan, ResumeState recorded,
      std::weak_ptr<QueuedFeed> feed, JobDependencies dependencies);

  const std::string& id() const { return id_; }
  // Ends Run() after the current token. Returns false if the job has already ended.
  bool Cancel();
  // Ends Run() soon. A later job of the same evaluation continues from there.
  void Suspend();
  // Pushes progress with the current activity to the feed. Negative seconds mean unknown.
  void Announce(std::string activity, double remaining_seconds = -1);
  void Run();
  // Records the end of an evaluation that cannot continue, with the samples recorded so far.
  void Fail(const absl::Status& why);

 private:
  void PrepareModels();
  void PrepareModel(const Candidate& candidate, PreparedModel& model);
  // Checks that the models have the revisions of the recorded samples.
  absl::Status CheckRevisions() const;
  absl::Status TakeSamples();
  // Looks at the results so far. Returns true if the samples end here.
  bool StopsAfter(const PlannedSample& last);
  // Measures and scores one sample. Returns false if the job was stopped before it was complete.
  bool TakeSample(const PlannedSample& planned, Sample* sample);
  absl::Status AnswerTasks();
  // Answers one item, or the task's text if `item` is null. Returns OK too if the job was stopped
  // before the answer was complete.
  absl::Status AnswerOne(size_t model, const KnownAnswerTask& task, const MultipleChoiceItem* item);
  absl::Status MeasureScaling();
  // Measures one level, unless an earlier run measured it.
  absl::Status MeasureLevel(ScalingKind kind, size_t model, int level);
  bool Stopped() const { return cancelled_ || suspended_; }
  // Must be called before each piece of work. Returns true if the piece must be skipped, because
  // the job was stopped.
  bool Interrupted();
  // Ends the job with its result or, if it was suspended, leaves it kRunning.
  void Finish(const absl::Status& status);
  void LeaveRunning();
  void Push(EvaluationEvent event);

  const std::string id_;
  const EvaluationPlan plan_;
  const EconomicsInputs economics_;
  const std::vector<PlannedSample> order_;
  const std::weak_ptr<QueuedFeed> feed_;
  const JobDependencies dependencies_;
  const int total_samples_;

  // These members are used only by the thread in Run() or Fail(), except for records_.size().
  Evaluation evaluation_;
  JobRecords records_;
  SampleMeasurer measurer_;
  SampleScorer scorer_;
  RemainingTime remaining_;
  std::vector<PreparedModel> models_;
  // False once a piece of work was skipped because the job was stopped.
  bool complete_ = true;

  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> suspended_ = false;
  // Done once the job is cancelled or suspended.
  const CallContext context_{[this] { return Stopped(); }};
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_JOB_H_
