// Everything that evaluations need: run store, MLflow, scorers and runner.
#ifndef ASSAY_SERVER_EVALUATION_STACK_H_
#define ASSAY_SERVER_EVALUATION_STACK_H_

#include <atomic>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/records/embedder.h"
#include "evaluator/records/energy.h"
#include "evaluator/records/system_probe.h"
#include "evaluator/records/text_generator.h"
#include "evaluator/run/runner.h"
#include "evaluator/scoring/scorer.h"
#include "evaluator/sense/sense.h"
#include "evaluator/store/deletion_store.h"
#include "evaluator/store/judgment_store.h"
#include "evaluator/store/run_store.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"
#include "server/events/daemon_events.h"
#include "server/mlflow/client.h"
#include "server/mlflow/outbox_flusher.h"
#include "server/mlflow/run_artifacts.h"
#include "server/routing/model_kinds.h"
#include "server/routing/route_evidence.h"
#include "server/routing/routing.h"
#include "server/upkeep/evaluation_deleter.h"
#include "server/upkeep/evaluation_upkeep.h"

namespace assay::server {

// Thread-safe after Create(). Order of calls: Create(), StartUpkeep(), then Suspend(),
// Shutdown() and Flush() when the daemon stops.
class EvaluationStack {
 public:
  // Every pointer must outlive the stack.
  struct Dependencies {
    const registry::Manager* manager;
    evaluator::TextGenerator* generator;
    evaluator::Embedder* embedder;
    ModelKinds* kinds;
    // Receives every evaluation that finishes.
    RouteEvidence* evidence;
    // Evaluations on which its routes rest are kept.
    const Routing* routing;
    DaemonEvents* events;
    evaluator::MemoryProbe* memory;
    // nullptr: energy is estimated from the stated watts.
    evaluator::EnergyMeter* energy;
  };

  // Opens the run store in config.state_dir, which must be locked, and starts the threads. Errors
  // name the config key.
  static absl::StatusOr<std::unique_ptr<EvaluationStack>> Create(const Config& config,
                                                                 const Dependencies& dependencies);
  // Checks the models that the configuration names for scorers and judges, as Create() does.
  // NOT_FOUND: the catalog lacks one. FAILED_PRECONDITION: it generates text and should be an
  // encoder, or the reverse.
  static absl::Status CheckModels(const EvaluationConfig& config, const registry::Manager& manager,
                                  ModelKinds* kinds);
  // Calls Shutdown().
  ~EvaluationStack();
  EvaluationStack(const EvaluationStack&) = delete;
  EvaluationStack& operator=(const EvaluationStack&) = delete;

  evaluator::RunStore& store() { return *store_; }
  evaluator::JudgmentStore& judgments() { return *judgments_; }
  evaluator::Runner& runner() { return *runner_; }
  EvaluationDeleter& deleter() { return *deleter_; }
  // Reports that a deletion left space to give back.
  void WakeUpkeep() { upkeep_->Wake(); }
  const evaluator::ScorerSet& scorers() const { return scorers_; }
  // Reports that the outbox has new entries. Does nothing if MLflow is off.
  void WakeMlflow() {
    if (flusher_ != nullptr) flusher_->Wake();
  }
  // Returns nullptr if MLflow is off.
  OutboxFlusher* flusher() { return flusher_.get(); }
  // True if finished evaluations are sent to MLflow.
  bool uses_mlflow() const { return flusher_ != nullptr; }

  // Reads the store with `read_store`, continues the evaluations that the last stop interrupted,
  // and starts the retention. On a full disk, all that follows as soon as there is room. Calls
  // `on_serve` with false when evaluations cannot be recorded, and with true when they can again.
  // Must be called once, after the routes were opened and before a client can start an evaluation,
  // which would be taken for an interrupted one.
  absl::Status StartUpkeep(const Config& config, std::function<absl::Status()> read_store,
                           std::function<void(bool serve)> on_serve);
  // Returns EvaluationUpkeep::CanRecord().
  absl::Status CanRecord() const { return upkeep_->CanRecord(); }

  // Starts no more samples; running ones continue. Must be called before new requests are refused,
  // so that a refusal does not count as a failure of the measured model.
  void Suspend();
  // Ends the runner, and writes results that the disk had no room for, if it has room now. Blocks.
  void Shutdown();
  // Sends the outbox to MLflow for at most about `timeout`. The rest is sent after the next start.
  void Flush(absl::Duration timeout);

 private:
  EvaluationStack() = default;
  absl::Status Resume();
  absl::Status StartMlflow(const Config& config, DaemonEvents* events);
  void AddScorers(const EvaluationConfig& config, const Dependencies& dependencies);
  void StartRunner(const Config& config, const Dependencies& dependencies);
  void MakeDeleter(const Dependencies& dependencies);

  // True if an evaluation has finished since the last look of the upkeep.
  std::atomic<bool> finished_ = false;
  // nullptr: no model reads texts. The scorer "assay" uses it.
  std::unique_ptr<evaluator::SenseReader> reader_;
  evaluator::ScorerSet scorers_;
  std::unique_ptr<evaluator::RunStore> store_;
  std::unique_ptr<evaluator::JudgmentStore> judgments_;
  // nullptr: MLflow or its system metrics are off.
  std::unique_ptr<evaluator::SystemProbe> system_;
  // The three below are nullptr if MLflow is off.
  std::unique_ptr<RunArtifacts> artifacts_;
  std::unique_ptr<MlflowClient> mlflow_;
  std::unique_ptr<OutboxFlusher> flusher_;
  std::unique_ptr<evaluator::Runner> runner_;
  std::unique_ptr<evaluator::DeletionStore> deletions_;
  std::unique_ptr<EvaluationDeleter> deleter_;
  std::unique_ptr<EvaluationUpkeep> upkeep_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_EVALUATION_STACK_H_
