// Everything that evaluations need: run store, MLflow, scorers and runner.
#include "server/evaluation_stack.h"

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "base/trim_heap.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/scoring/assay_scorer.h"
#include "evaluator/scoring/command_scorer.h"
#include "evaluator/scoring/judge_scorer.h"
#include "server/events/log.h"
#include "server/telemetry/machine_probe.h"
#include "server/tracking.h"

namespace assay::server {
namespace {

// The most evaluations that one line of the log names.
constexpr size_t kMaxLoggedIds = 20;

void LogRetention(const DeletionResult& result) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < result.deleted.size() && i < kMaxLoggedIds; ++i) {
    ids.push_back(result.deleted[i].id);
  }
  LogEvent(spdlog::level::info, "evaluations_deleted",
           {{"reason", "retention"},
            {"count", result.deleted.size()},
            {"evaluations", absl::StrJoin(ids, " ")},
            {"freed_bytes", result.freed_bytes},
            {"kept", result.kept.size()}});
}

absl::Status CheckReaders(const evaluator::SenseModels& readers, const registry::Manager& manager,
                          ModelKinds* kinds) {
  const std::string& reads = readers.language_model;
  const std::string& embeds = readers.encoder;
  if (!reads.empty()) {
    RETURN_IF_ERROR(Annotate(manager.Get(reads).status(), "language_model"));
    if (kinds->IsEncoder(reads)) return Annotate(IsEncoderError(reads), "language_model");
  }
  if (!embeds.empty()) {
    RETURN_IF_ERROR(Annotate(manager.Get(embeds).status(), "encoder"));
    if (kinds->Generates(embeds)) return Annotate(IsNoEncoderError(embeds), "encoder");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<EvaluationStack>> EvaluationStack::Create(
    const Config& config, const Dependencies& dependencies) {
  auto stack = std::unique_ptr<EvaluationStack>(new EvaluationStack());
  const std::string path = config.state_dir + "/evaluations.sqlite";
  absl::StatusOr<std::unique_ptr<evaluator::RunStore>> store = evaluator::RunStore::Open(
      path, {.max_bytes = config.evaluation.max_stored,
             .on_kept =
                 [stack = stack.get()](const std::string& id, const absl::Status& status) {
                   LogEvent(spdlog::level::err, "result_kept_in_memory",
                            {{"evaluation", id}, {"error", std::string(status.message())}});
                   if (stack->upkeep_ != nullptr) stack->upkeep_->ReportFull(status);
                 },
             .on_recorded =
                 [stack = stack.get()](const std::string& id) {
                   LogEvent(spdlog::level::info, "result_recorded", {{"evaluation", id}});
                   stack->WakeMlflow();
                 }});
  if (!store.ok()) return Annotate(store.status(), "state_dir");
  stack->store_ = *std::move(store);
  absl::StatusOr<std::unique_ptr<evaluator::JudgmentStore>> judgments =
      evaluator::JudgmentStore::Open(path);
  if (!judgments.ok()) return Annotate(judgments.status(), "state_dir");
  stack->judgments_ = *std::move(judgments);
  absl::StatusOr<std::unique_ptr<evaluator::DeletionStore>> deletions =
      evaluator::DeletionStore::Open(path);
  if (!deletions.ok()) return Annotate(deletions.status(), "state_dir");
  stack->deletions_ = *std::move(deletions);
  stack->MakeDeleter(dependencies);
  RETURN_IF_ERROR(stack->StartMlflow(config, dependencies.events));
  RETURN_IF_ERROR(CheckModels(config.evaluation, *dependencies.manager, dependencies.kinds));
  stack->AddScorers(config.evaluation, dependencies);
  stack->StartRunner(config, dependencies);
  return stack;
}

EvaluationStack::~EvaluationStack() {
  if (runner_ != nullptr) Shutdown();
}

absl::Status EvaluationStack::StartMlflow(const Config& config, DaemonEvents* events) {
  if (config.mlflow.tracking_uri.empty()) return absl::OkStatus();
  artifacts_ =
      std::make_unique<RunArtifacts>(store_.get(), judgments_.get(), config.evaluation.economics);
  ASSIGN_OR_RETURN(mlflow_, MakeMlflowClient(config, [this](const evaluator::TrackedRun& run,
                                                            const std::string& name) {
                     return artifacts_->Make(run, name);
                   }));
  if (mlflow_->settings().system_metrics) system_ = MakeMachineProbe(config.state_dir);
  OutboxFlusherOptions options;
  options.initial_backoff = mlflow_->settings().retries.initial_backoff;
  options.on_upload = [events](const UploadReport& report) { events->OnUpload(report); };
  options.on_store_error = [](const absl::Status& status) {
    LogEvent(spdlog::level::err, "run_store", {{"error", std::string(status.message())}});
  };
  flusher_ = std::make_unique<OutboxFlusher>(store_.get(), mlflow_.get(), std::move(options));
  return absl::OkStatus();
}

absl::Status EvaluationStack::CheckModels(const EvaluationConfig& config,
                                          const registry::Manager& manager, ModelKinds* kinds) {
  RETURN_IF_ERROR(Annotate(CheckReaders(config.readers, manager, kinds), "evaluation.readers"));
  if (!config.judge.empty()) {
    RETURN_IF_ERROR(Annotate(manager.Get(config.judge).status(), "evaluation.judge.model"));
  }
  for (const evaluator::JudgeOptions& judge : config.judges) {
    if (!judge.endpoint.empty()) continue;
    RETURN_IF_ERROR(Annotate(manager.Get(judge.model).status(), "evaluation.judges"));
  }
  return absl::OkStatus();
}

void EvaluationStack::AddScorers(const EvaluationConfig& config, const Dependencies& dependencies) {
  scorers_.Add(std::make_unique<evaluator::ClassicScorer>());
  if (!config.readers.language_model.empty() || !config.readers.encoder.empty()) {
    reader_ = std::make_unique<evaluator::SenseReader>(dependencies.generator,
                                                       dependencies.embedder, config.readers);
  }
  scorers_.Add(std::make_unique<evaluator::AssayScorer>(config.content_types, reader_.get()));
  if (!config.judge.empty()) {
    scorers_.Add(std::make_unique<evaluator::JudgeScorer>(dependencies.generator, config.judge));
  }
  for (const evaluator::CommandScorerOptions& options : config.scorers) {
    scorers_.Add(std::make_unique<evaluator::CommandScorer>(options));
  }
}

void EvaluationStack::StartRunner(const Config& config, const Dependencies& dependencies) {
  DaemonEvents* const events = dependencies.events;
  RouteEvidence* const evidence = dependencies.evidence;
  evaluator::Runner::Options options;
  options.economics = config.evaluation.economics;
  options.max_waiting = config.evaluation.max_waiting;
  options.energy = dependencies.energy;
  options.system = system_.get();
  options.on_sample = [events](const evaluator::Sample& sample) { events->OnSample(sample); };
  options.on_finished = [this, events, evidence](const evaluator::Evaluation& evaluation) {
    events->OnEvaluation(evaluation);
    const absl::StatusOr<std::vector<evaluator::Sample>> samples = store_->Samples(evaluation.id);
    if (samples.ok()) {
      evidence->Add(evaluation, *samples);
    } else {
      LogEvent(spdlog::level::err, "evidence_lost",
               {{"evaluation", evaluation.id}, {"error", samples.status().ToString()}});
    }
    if (flusher_ != nullptr) flusher_->Wake();
    finished_ = true;
  };
  runner_ = evaluator::Runner::Create(dependencies.generator, dependencies.memory, &scorers_,
                                      store_.get(), std::move(options));
}

void EvaluationStack::MakeDeleter(const Dependencies& dependencies) {
  EvaluationDeleter::Options options;
  options.in_use = [routing = dependencies.routing] { return routing->EvaluationsInUse(); };
  options.on_deleted = [evidence = dependencies.evidence](std::span<const std::string> ids) {
    evidence->Remove(ids);
  };
  deleter_ = std::make_unique<EvaluationDeleter>(deletions_.get(), std::move(options));
}

absl::Status EvaluationStack::StartUpkeep(const Config& config,
                                          std::function<absl::Status()> read_store,
                                          std::function<void(bool serve)> on_serve) {
  EvaluationUpkeep::Options options;
  options.folder = config.state_dir;
  options.policy = {.keep = config.evaluation.keep,
                    .max_bytes = config.evaluation.max_stored,
                    .delete_oldest = config.evaluation.delete_oldest,
                    .keep_waiting_uploads = uses_mlflow()};
  options.resume = [this, read_store = std::move(read_store)]() -> absl::Status {
    RETURN_IF_ERROR(read_store());
    return Resume();
  };
  options.record_kept = [this] { return store_->RecordKept(); };
  options.on_change = [folder = config.state_dir,
                       on_serve = std::move(on_serve)](const absl::Status& status) {
    if (status.ok()) {
      LogEvent(spdlog::level::info, "evaluations_resumed", {{"folder", folder}});
    } else {
      LogEvent(spdlog::level::err, "evaluations_refused",
               {{"error", std::string(status.message())}});
    }
    on_serve(status.ok());
  };
  // Plans and samples may have taken much memory, which malloc keeps.
  options.on_look = [this] {
    if (finished_.exchange(false)) TrimHeap();
  };
  options.on_deleted = LogRetention;
  options.on_error = [](const absl::Status& status) {
    LogEvent(spdlog::level::err, "evaluation_upkeep", {{"error", std::string(status.message())}});
  };
  upkeep_ = std::make_unique<EvaluationUpkeep>(deleter_.get(), std::move(options));
  return Annotate(upkeep_->Start(), "state_dir");
}

absl::Status EvaluationStack::Resume() {
  absl::StatusOr<std::vector<std::string>> ids = runner_->Resume();
  RETURN_IF_ERROR(ids.status());
  for (const std::string& id : *ids) LogEvent(spdlog::level::info, "resumed", {{"evaluation", id}});
  return absl::OkStatus();
}

void EvaluationStack::Suspend() { runner_->Suspend(); }

void EvaluationStack::Shutdown() {
  runner_->Shutdown();
  // Its callbacks use the flusher, which is destroyed before the store.
  upkeep_.reset();
  store_->RecordKept().IgnoreError();
}

void EvaluationStack::Flush(absl::Duration timeout) {
  if (flusher_ != nullptr) flusher_->Stop(timeout);
}

}  // namespace assay::server
