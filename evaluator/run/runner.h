// Runs evaluations: one at a time, on a thread of its own, independent of any client.
#ifndef ASSAY_EVALUATOR_RUN_RUNNER_H_
#define ASSAY_EVALUATOR_RUN_RUNNER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/energy.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/system_probe.h"
#include "evaluator/records/text_generator.h"
#include "evaluator/scoring/scorer.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

struct Progress {
  int finished_samples = 0;
  int total_samples = 0;
  std::string activity;
  // Negative = not known yet.
  double remaining_seconds = -1;
};

// Progress, a sample, or the final state.
using EvaluationEvent = std::variant<Progress, Sample, Evaluation>;

// What a client follows. The job goes on without it. Thread-safe.
class EvaluationFeed {
 public:
  virtual ~EvaluationFeed() = default;
  // Waits up to `timeout`; nullopt if nothing came. The last event is an Evaluation.
  virtual std::optional<EvaluationEvent> Next(absl::Duration timeout) = 0;
};

// Thread-safe. Jobs queue up and run one after the other, so that they do not disturb each other's
// measurements.
class Runner {
 public:
  struct Options {
    EconomicsInputs economics;
    // Read before and after each generation; outlives the runner. nullptr = stated watts count.
    EnergyMeter* energy = nullptr;
    // Read after each sample; outlives the runner. nullptr = not recorded.
    SystemProbe* system = nullptr;
    // Waiting jobs beyond the running one; more are RESOURCE_EXHAUSTED.
    int max_waiting = 16;
    // Told of every finished sample and every finished evaluation (metrics).
    std::function<void(const Sample&)> on_sample;
    std::function<void(const Evaluation&)> on_finished;
  };

  static std::unique_ptr<Runner> Create(TextGenerator* generator, MemoryProbe* memory,
                                        const ScorerSet* scorers, RunStore* store, Options options);
  virtual ~Runner() = default;

  struct Started {
    Evaluation evaluation;
    std::shared_ptr<EvaluationFeed> feed;
  };
  // Checks the plan (INVALID_ARGUMENT names the field), records it, queues the job.
  virtual absl::StatusOr<Started> Start(EvaluationPlan plan) = 0;

  // Ends the job after the token at hand; what was measured is kept. NOT_FOUND; FAILED_PRECONDITION
  // if it has ended.
  virtual absl::Status Cancel(std::string_view id) = 0;

  // Queues the evaluations that a stopped server left running, to go on from their last sample or
  // level of scaling. Call it once, before Start(). Returns their ids. One whose plan or scorers
  // are no longer known, or whose scorers are of another version now, is kFailed, with the reason.
  virtual absl::StatusOr<std::vector<std::string>> Resume() = 0;

  // Evaluations that run or wait.
  virtual int unfinished() const = 0;

  // Begins what Shutdown() does, without waiting.
  virtual void Suspend() = 0;

  // Ends all jobs after the token at hand, and waits for them: they stay kRunning, for Resume() at
  // the next start, and so are their feeds' last events. Start() is then UNAVAILABLE.
  virtual void Shutdown() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_RUNNER_H_
