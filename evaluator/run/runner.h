// Runs evaluations one at a time on a thread of its own, independently of clients.
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
  // Negative if unknown.
  double remaining_seconds = -1;
};

// Progress, a finished sample, or the final state.
using EvaluationEvent = std::variant<Progress, Sample, Evaluation>;

// The events of one job, for a client that follows it. The job does not depend on it: the feed may
// be destroyed at any time. Thread-safe.
class EvaluationFeed {
 public:
  virtual ~EvaluationFeed() = default;
  // Waits up to `timeout` for the next event. Returns nullopt if there is none. The last event is
  // an Evaluation.
  virtual std::optional<EvaluationEvent> Next(absl::Duration timeout) = 0;
};

// Runs evaluations as queued jobs, one after another, so that they do not disturb each other's
// measurements. Call Resume() once after construction, then Start() and Cancel() in any order, and
// Shutdown() at the end; the destructor shuts down as well. Thread-safe.
class Runner {
 public:
  struct Options {
    EconomicsInputs economics;
    // Read before and after each generation. Must outlive the runner. If null, energy is computed
    // from the stated watts.
    EnergyMeter* energy = nullptr;
    // Read after each sample. Must outlive the runner. If null, system metrics are not recorded.
    SystemProbe* system = nullptr;
    // The maximum number of waiting jobs, in addition to the running one.
    int max_waiting = 16;
    // Called for every finished sample and every finished evaluation (for metrics). May be null.
    // Must not block for long, because the job waits.
    std::function<void(const Sample&)> on_sample;
    std::function<void(const Evaluation&)> on_finished;
  };

  // The pointers must outlive the runner.
  static std::unique_ptr<Runner> Create(TextGenerator* generator, MemoryProbe* memory,
                                        const ScorerSet* scorers, RunStore* store, Options options);
  virtual ~Runner() = default;

  struct Started {
    Evaluation evaluation;
    std::shared_ptr<EvaluationFeed> feed;
  };
  // Checks and records the plan and queues the job. Returns INVALID_ARGUMENT with the field for an
  // invalid plan, RESOURCE_EXHAUSTED if Options::max_waiting jobs are waiting, UNAVAILABLE after
  // Suspend() or Shutdown(), or an error of the store.
  virtual absl::StatusOr<Started> Start(EvaluationPlan plan) = 0;

  // Ends the job after the current token. Recorded samples are kept. Returns NOT_FOUND if the
  // evaluation does not exist, FAILED_PRECONDITION if it has already ended.
  virtual absl::Status Cancel(std::string_view id) = 0;

  // Queues the evaluations that a stopped server left in state kRunning. They continue after their
  // last sample or scaling level. Must be called before Start(), until it succeeds. Returns their
  // ids. An evaluation ends as kFailed with the reason if its plan cannot be read, if a scorer is
  // unknown now or has another version, or if it stopped the server too often (kMaxStalls).
  virtual absl::StatusOr<std::vector<std::string>> Resume() = 0;

  // Returns the number of running and waiting evaluations.
  virtual int unfinished() const = 0;

  // Begins a shutdown without waiting for its end.
  virtual void Suspend() = 0;

  // Ends all jobs after the current token and waits for them. Their evaluations stay kRunning, also
  // in the last events of their feeds, so that Resume() continues them after the next start.
  virtual void Shutdown() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_RUNNER_H_
