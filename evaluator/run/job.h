// One evaluation, from the first load to its record in the store.
#ifndef ASSAY_EVALUATOR_RUN_JOB_H_
#define ASSAY_EVALUATOR_RUN_JOB_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/plan/plan.h"
#include "evaluator/run/feed.h"
#include "evaluator/run/runner.h"

namespace assay::evaluator {

// What a job works with; outlives it.
struct JobDependencies {
  TextGenerator* generator;
  MemoryProbe* memory;
  const ScorerSet* scorers;
  RunStore* store;
  const Runner::Options* options;
};

// What was recorded before the server was last stopped.
struct ResumeState {
  std::vector<Sample> samples;
  std::vector<TaskAnswer> answers;
};

// Run() or Fail() is called once, on one thread; Cancel(), Suspend() and Announce() on any.
//
// Loads each model once and warms it up with one short generation that is not measured, then takes
// the samples in OrderSamples' order, but for those that an earlier run of the job recorded; then
// come the tasks, then scaling. A model that cannot be loaded fails all its samples with that
// error. Ends as kSucceeded if a sample or an answer succeeded, else as kFailed with the first
// error; also as kFailed when the store cannot take a sample, and when a model is no longer the
// revision that the earlier samples are of. Stopped before all of it is measured, scaling included,
// it is kCancelled; suspended, it stays kRunning in the store.
class Job {
 public:
  // The feed may go before the job: nobody listens then.
  Job(Evaluation evaluation, EvaluationPlan plan, ResumeState earlier,
      std::weak_ptr<QueuedFeed> feed, JobDependencies tools);

  const std::string& id() const { return id_; }
  // False if the job has ended.
  bool Cancel();
  // Ends Run() soon; a later job of the same evaluation goes on where this one stopped.
  void Suspend();
  // Tells the feed what goes on.
  void Announce(std::string activity, double remaining_seconds = -1);
  void Run();
  // Records the end of an evaluation that cannot go on, with what was measured.
  void Fail(const absl::Status& why);

 private:
  void PrepareModels();
  void PrepareModel(const Candidate& candidate, PreparedModel& model);
  void WarmUp(const Candidate& candidate);
  // Again, where others have taken its place; how long the load took.
  absl::StatusOr<absl::Duration> MakeResident(const Candidate& candidate);
  // The models must be those that the earlier samples are of.
  absl::Status CheckRevisions() const;
  // Of what is recorded of the candidate; nullopt: nothing that succeeded.
  std::optional<std::string> EarlierRevision(const std::string& model) const;
  absl::Status TakeSamples();
  absl::Status AnswerTasks();
  // Ok too where the job was stopped before the answer was there.
  absl::Status AnswerOne(size_t model, const KnownAnswerTask& task, const MultipleChoiceItem* item);
  // Levels that an earlier run measured are not measured again.
  absl::Status MeasureScaling();
  absl::Status MeasureLevel(ScalingKind kind, size_t model, int level);
  // False: stopped before the sample was done.
  bool Measure(const PlannedSample& planned, Sample* sample);
  // The generation, with memory and energy around it.
  absl::StatusOr<Generation> MeasureGeneration(const GenerationJob& job, Sample* sample);
  double RemainingSeconds(size_t next) const;
  bool Stopped() const { return cancelled_ || suspended_; }
  // Asked before each thing that is left to do: whether that stays undone.
  bool Interrupted();
  // The state that the evaluation ends in, and why.
  void Conclude(const absl::Status& status);
  void Finish(const absl::Status& status);
  // Of the scorer that decides; empty: it is not known here any more, and was not recorded.
  std::string DecidingVersion() const;
  GenerationJob GenerationFor(const Candidate& candidate, const EvaluationPrompt& prompt,
                              int repeat) const;
  // By every scorer of the plan.
  void ScoreSample(const EvaluationPrompt& prompt, const CallContext& context, Sample* sample);
  // A scorer that has become another has no say. `now`: its version when it has scored.
  absl::Status CheckVersion(const std::string& scorer, const std::string& now);
  void Push(EvaluationEvent event);

  const std::string id_;
  const EvaluationPlan plan_;
  const EconomicsInputs economics_;
  const std::vector<PlannedSample> order_;
  const std::weak_ptr<QueuedFeed> feed_;
  const JobDependencies tools_;

  // Only the thread in Run().
  Evaluation evaluation_;
  std::vector<PreparedModel> models_;
  std::vector<Sample> samples_;
  std::vector<TaskAnswer> answers_;
  // Of the scorers, by name, as far as they are known.
  std::map<std::string, std::string> versions_;
  // "model/prompt/repeat" and "model/task/item" of what is recorded.
  std::unordered_set<std::string> recorded_;
  // Seconds spent on and number of the samples of loaded models.
  std::vector<double> spent_seconds_;
  std::vector<int> spent_samples_;
  // Nothing was left out because the job was stopped.
  bool whole_ = true;

  std::atomic<bool> cancelled_ = false;
  // Ends when the job is cancelled or suspended.
  const CallContext context_{[this] { return Stopped(); }};
  std::atomic<bool> suspended_ = false;
  std::atomic<int> finished_samples_ = 0;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_JOB_H_
