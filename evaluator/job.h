// One evaluation, from the first load to its record in the store.
#ifndef ASSAY_EVALUATOR_JOB_H_
#define ASSAY_EVALUATOR_JOB_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "evaluator/feed.h"
#include "evaluator/plan.h"
#include "evaluator/runner.h"
#include "evaluator/summary.h"

namespace assay::evaluator {

// What a job works with; outlives it.
struct JobTools {
  TextGenerator* generator;
  MemoryProbe* memory;
  const Scorer* scorer;
  RunStore* store;
  const Runner::Options* options;
};

// Run() is called once, on one thread; Cancel() and Announce() on any.
//
// Loads each model once and warms it up with one short generation that is not measured, then takes
// the samples in OrderSamples' order. A model that cannot be loaded fails all its samples with that
// error. Ends as kSucceeded if a sample succeeded, else as kFailed with the first error; also as
// kFailed when the store cannot take a sample.
class Job {
 public:
  // The feed may go before the job: nobody listens then.
  Job(Evaluation evaluation, EvaluationPlan plan, uint64_t order_seed,
      std::weak_ptr<QueuedFeed> feed, JobTools tools);

  const std::string& id() const { return id_; }
  // False if the job has ended.
  bool Cancel();
  // Tells the feed what goes on.
  void Announce(std::string activity, double remaining_seconds = -1);
  void Run();

 private:
  void PrepareModels();
  void PrepareModel(PreparedModel& model);
  void WarmUp(const std::string& model);
  absl::Status TakeSamples();
  // False: cancelled before the sample was done.
  bool Measure(const PlannedSample& planned, Sample* sample);
  double RemainingSeconds(size_t next) const;
  void Finish(const absl::Status& status);
  GenerationJob GenerationFor(const std::string& model, const std::string& prompt) const;
  void Push(EvaluationEvent event);

  const std::string id_;
  const EvaluationPlan plan_;
  const uint64_t order_seed_;
  const std::vector<PlannedSample> order_;
  const std::weak_ptr<QueuedFeed> feed_;
  const JobTools tools_;

  // Only the thread in Run().
  Evaluation evaluation_;
  std::vector<PreparedModel> models_;
  std::vector<MeasuredSample> samples_;
  // Seconds spent on and number of the samples of loaded models.
  std::vector<double> spent_seconds_;
  std::vector<int> spent_samples_;

  std::atomic<bool> cancelled_ = false;
  std::atomic<int> finished_samples_ = 0;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_JOB_H_
