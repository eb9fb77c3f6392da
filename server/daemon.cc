// The daemon: composition, start and drain.
#include "server/daemon.h"

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/runtime/device.h"
#include "evaluator/prompt_set.h"
#include "evaluator/run_store.h"
#include "evaluator/runner.h"
#include "evaluator/scorer.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "registry/catalog.h"
#include "registry/manager.h"
#include "registry/source.h"
#include "server/engine_loader.h"
#include "server/generation.h"
#include "server/grpc_status.h"
#include "server/log.h"
#include "server/served_generator.h"
#include "server/services/evaluation_service.h"
#include "server/services/inference_service.h"
#include "server/services/model_service.h"
#include "server/state_lock.h"
#include "server/telemetry/metrics.h"
#include "server/telemetry/metrics_server.h"
#include "server/telemetry/mlflow_client.h"
#include "server/telemetry/outbox_flusher.h"
#include "server/telemetry/process_memory.h"

namespace assay::server {
namespace {

constexpr int64_t kMessageOverheadBytes = int64_t{1} << 20;
// gRPC threads beyond those that wait in queues: model and evaluation calls, health, reflection.
constexpr int kSpareThreads = 64;

// How long stopping waits for MLflow; what is left goes out after the next start.
constexpr absl::Duration kLastFlush = absl::Seconds(5);

absl::Status InKey(const std::string& key, const absl::Status& status) {
  return {status.code(), absl::StrCat(key, ": ", status.message())};
}

// Routed ones, and those of the built-in prompts: what metrics know as content types.
std::vector<std::string> ContentTypes(const registry::Catalog& catalog) {
  std::set<std::string> types;
  for (const registry::ModelEntry& entry : catalog.models) {
    types.insert(entry.content_types.begin(), entry.content_types.end());
  }
  for (const evaluator::EvaluationPrompt& prompt : evaluator::BuiltInPrompts()) {
    types.insert(prompt.content_type);
  }
  return {types.begin(), types.end()};
}

class DaemonImpl final : public Daemon {
 public:
  DaemonImpl(Config config, engine::DeviceInfo device, registry::Catalog catalog)
      : config_(std::move(config)),
        device_(std::move(device)),
        metrics_({.version = ASSAY_VERSION,
                  .torch_version = device_.torch_version,
                  .device = device_.name}),
        loader_(device_, config_.limits.max_running, config_.limits.max_waiting),
        manager_(std::move(catalog), &loader_,
                 {.memory_budget_bytes = config_.memory_budget_bytes,
                  .hub_cache = registry::HubCacheFolder()},
                 [this](const registry::ModelStatus& status) { OnModelState(status); }),
        generation_(&manager_, config_.limits, config_.evaluation.economics,
                    [this](const RequestRecord& record) { OnRequest(record); }),
        generator_(&manager_, &generation_),
        memory_(MakeProcessMemoryProbe()) {}

  ~DaemonImpl() override {
    stopping_ = true;
    if (server_ != nullptr) server_->Shutdown(absl::ToChronoTime(absl::Now()));
    if (preload_.joinable()) preload_.join();
    if (runner_ != nullptr) runner_->Shutdown();
    metrics_.SetRefresh(nullptr);
  }

  absl::Status Start();

  const std::string& address() const override { return address_; }
  const std::string& metrics_address() const override { return metrics_address_; }
  void Drain() override;
  void Abort() override { server_->Shutdown(absl::ToChronoTime(absl::Now())); }

 private:
  absl::Status StartEvaluator();
  absl::Status StartMetrics();
  absl::Status StartServer();
  void Preload();

  void OnModelState(const registry::ModelStatus& status);
  void OnRequest(const RequestRecord& record);
  void OnSample(const evaluator::Sample& sample);
  void OnEvaluation(const evaluator::Evaluation& evaluation);
  void OnUpload(const UploadReport& report);
  void Refresh(Metrics* metrics);

  const Config config_;
  const engine::DeviceInfo device_;
  Metrics metrics_;
  EngineLoader loader_;
  registry::Manager manager_;
  GenerationService generation_;
  ServedGenerator generator_;
  const std::unique_ptr<evaluator::MemoryProbe> memory_;
  const evaluator::ClassicScorer scorer_;
  std::unique_ptr<StateLock> state_lock_;
  std::unique_ptr<evaluator::RunStore> store_;
  std::unique_ptr<MlflowClient> mlflow_;
  std::unique_ptr<OutboxFlusher> flusher_;
  std::unique_ptr<evaluator::Runner> runner_;
  std::unique_ptr<InferenceServiceImpl> inference_service_;
  std::unique_ptr<ModelServiceImpl> model_service_;
  std::unique_ptr<EvaluationServiceImpl> evaluation_service_;
  std::unique_ptr<grpc::Server> server_;
  // Set before the first model can change state, while server_ lives.
  std::atomic<grpc::HealthCheckServiceInterface*> health_ = nullptr;
  std::unique_ptr<MetricsServer> metrics_server_;
  std::atomic<bool> stopping_ = false;
  std::thread preload_;
  std::string address_;
  std::string metrics_address_;
};

absl::Status DaemonImpl::Start() {
  metrics_.Declare(manager_.catalog().Ids(), ContentTypes(manager_.catalog()));
  for (const registry::ModelStatus& status : manager_.List()) {
    metrics_.SetModelState(status.entry.id, registry::ModelStateName(status.state));
  }
  if (absl::Status s = StartEvaluator(); !s.ok()) return s;
  if (absl::Status s = StartMetrics(); !s.ok()) return s;
  if (absl::Status s = StartServer(); !s.ok()) return s;
  LogEvent(spdlog::level::info, "ready",
           {{"listen", address_},
            {"metrics", metrics_address_},
            {"mlflow", config_.mlflow.tracking_uri},
            {"device", device_.name},
            {"apple_silicon_optimized", device_.apple_silicon_optimized},
            {"threads", device_.threads},
            {"models", manager_.catalog().models.size()},
            {"version", ASSAY_VERSION}});
  preload_ = std::thread([this] { Preload(); });
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartEvaluator() {
  const evaluator::EconomicsInputs& economics = config_.evaluation.economics;
  if (absl::Status s = evaluator::Validate(economics); !s.ok()) {
    return InKey("evaluation.economics", s);
  }
  absl::StatusOr<std::unique_ptr<StateLock>> lock = StateLock::Acquire(config_.state_dir);
  if (!lock.ok()) return InKey("state_dir", lock.status());
  state_lock_ = *std::move(lock);
  absl::StatusOr<std::unique_ptr<evaluator::RunStore>> store =
      evaluator::RunStore::Open(config_.state_dir + "/evaluations.sqlite");
  if (!store.ok()) return InKey("state_dir", store.status());
  store_ = *std::move(store);
  if (!config_.mlflow.tracking_uri.empty()) {
    absl::StatusOr<std::unique_ptr<MlflowClient>> client =
        MlflowClient::Create(config_.mlflow.tracking_uri, HttpOptionsFromMlflowEnvironment());
    if (!client.ok()) return InKey("mlflow.tracking_uri", client.status());
    mlflow_ = *std::move(client);
    OutboxFlusherOptions options;
    options.experiment = config_.mlflow.experiment;
    options.on_upload = [this](const UploadReport& report) { OnUpload(report); };
    options.on_store_error = [](const absl::Status& status) {
      LogEvent(spdlog::level::err, "run_store", {{"error", std::string(status.message())}});
    };
    flusher_ = std::make_unique<OutboxFlusher>(store_.get(), mlflow_.get(), std::move(options));
  }
  evaluator::Runner::Options options;
  options.economics = economics;
  options.on_sample = [this](const evaluator::Sample& sample) { OnSample(sample); };
  options.on_finished = [this](const evaluator::Evaluation& evaluation) {
    OnEvaluation(evaluation);
  };
  runner_ = evaluator::Runner::Create(&generator_, memory_.get(), &scorer_, store_.get(),
                                      std::move(options));
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartMetrics() {
  metrics_.SetRefresh([this](Metrics* metrics) { Refresh(metrics); });
  if (config_.metrics_listen.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<MetricsServer>> server =
      MetricsServer::Start(config_.metrics_listen, metrics_.collectable());
  if (!server.ok()) return InKey("metrics.listen", server.status());
  metrics_server_ = *std::move(server);
  metrics_address_ = metrics_server_->url();
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartServer() {
  const size_t colon = config_.listen.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen: '", config_.listen, "' is not host:port, as in 127.0.0.1:50051"));
  }
  inference_service_ = std::make_unique<InferenceServiceImpl>(&generation_);
  model_service_ = std::make_unique<ModelServiceImpl>(&manager_, config_.limits.drain_timeout,
                                                      registry::HubCacheFolder());
  evaluation_service_ =
      std::make_unique<EvaluationServiceImpl>(runner_.get(), store_.get(), &manager_, config_);

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(config_.listen, grpc::InsecureServerCredentials(), &port);
  // Without this a second daemon would share the port and take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // The prompt, the tools and the template's variables may each have that many.
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(3 * config_.limits.max_prompt_bytes + kMessageOverheadBytes));
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(kSpareThreads + (config_.limits.max_waiting + config_.limits.max_running) *
                                          static_cast<int>(manager_.catalog().models.size()));
  builder.SetResourceQuota(quota);
  builder.RegisterService(inference_service_.get());
  builder.RegisterService(model_service_.get());
  builder.RegisterService(evaluation_service_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "listen: cannot listen on ", config_.listen,
        ": the port is in use or the host is not this machine's; stop the other server (another "
        "assayd?) or set listen (--listen) to a free port"));
  }
  address_ = absl::StrCat(config_.listen.substr(0, colon), ":", port);
  health_ = server_->GetHealthCheckService();
  for (const std::string& id : manager_.catalog().Ids()) {
    server_->GetHealthCheckService()->SetServingStatus(id, false);
  }
  return absl::OkStatus();
}

void DaemonImpl::Preload() {
  for (const registry::ModelEntry& entry : manager_.catalog().models) {
    if (!entry.preload || stopping_) continue;
    // A failure is logged by OnModelState; the model's first request tries again.
    manager_.Acquire(entry.id, nullptr, [this] { return stopping_.load(); }).IgnoreError();
  }
}

void DaemonImpl::Drain() {
  stopping_ = true;
  generation_.StartDraining();
  server_->GetHealthCheckService()->Shutdown();
  runner_->Shutdown();
  server_->Shutdown(absl::ToChronoTime(absl::Now() + config_.limits.drain_timeout));
  health_ = nullptr;
  if (flusher_ != nullptr) flusher_->Stop(kLastFlush);
}

void DaemonImpl::OnModelState(const registry::ModelStatus& status) {
  const bool ready = status.state == registry::ModelState::kReady;
  const bool failed = status.state == registry::ModelState::kFailed;
  const std::string& id = status.entry.id;
  metrics_.SetModelState(id, registry::ModelStateName(status.state));
  metrics_.SetModelResidentBytes(id, status.resident_bytes);
  if (ready || failed) {
    metrics_.RecordModelLoad(id, ready, absl::ToDoubleSeconds(status.load_time));
  }
  if (status.state == registry::ModelState::kUnloaded) metrics_.RecordModelUnload(id);
  if (grpc::HealthCheckServiceInterface* health = health_) health->SetServingStatus(id, ready);
  LogEvent(failed ? spdlog::level::err : spdlog::level::info, "model",
           {{"model", id},
            {"state", registry::ModelStateName(status.state)},
            {"reason", status.reason},
            {"resident_bytes", status.resident_bytes}});
}

void DaemonImpl::OnRequest(const RequestRecord& record) {
  metrics_.RecordRequest({.model = record.model,
                          .content_type = record.content_type,
                          .route = record.rule,
                          .status = record.status.code(),
                          .duration_seconds = absl::ToDoubleSeconds(record.duration),
                          .queue_seconds = record.timings.queue_ms() / 1e3,
                          .prefill_seconds = record.timings.prefill_ms() / 1e3,
                          .first_token_seconds = record.timings.first_token_ms() / 1e3,
                          .per_token_seconds = record.timings.per_token_ms() / 1e3,
                          .prompt_tokens = record.prompt_tokens,
                          .generated_tokens = record.completion_tokens,
                          .cost_dollars = record.cost_usd});
  LogEvent(spdlog::level::info, "request",
           {{"model", record.model},
            {"content_type", record.content_type},
            {"route", record.rule},
            {"status", StatusLabel(record.status.code())},
            {"duration_ms", absl::ToInt64Milliseconds(record.duration)},
            {"prompt_tokens", record.prompt_tokens},
            {"completion_tokens", record.completion_tokens}});
}

void DaemonImpl::OnSample(const evaluator::Sample& sample) {
  metrics_.RecordEvaluationSample(sample.model, sample.content_type, sample.error.empty());
}

void DaemonImpl::OnEvaluation(const evaluator::Evaluation& evaluation) {
  std::string_view state = "succeeded";
  if (evaluation.state == evaluator::EvaluationState::kFailed) state = "failed";
  if (evaluation.state == evaluator::EvaluationState::kCancelled) state = "cancelled";
  metrics_.RecordEvaluation(state);
  for (const evaluator::Summary& summary : evaluation.summaries) {
    if (summary.content_type.empty() || summary.quality_score.n == 0) continue;
    metrics_.SetEvaluationScore(summary.model, summary.content_type, summary.quality_score.mean,
                                summary.quality_score.ci_low, summary.quality_score.ci_high);
  }
  LogEvent(spdlog::level::info, "evaluation",
           {{"id", evaluation.id},
            {"state", state},
            {"samples", evaluation.finished_samples},
            {"error", evaluation.error}});
  if (flusher_ != nullptr) flusher_->Wake();
}

void DaemonImpl::OnUpload(const UploadReport& report) {
  const std::string& run = report.entry.run.run_name;
  if (report.status.ok()) {
    metrics_.RecordMlflowUpload(UploadResult::kOk);
    LogEvent(spdlog::level::info, "mlflow", {{"run", run}, {"url", report.run.url}});
    return;
  }
  metrics_.RecordMlflowUpload(report.permanent ? UploadResult::kPermanentError
                                               : UploadResult::kTransientError);
  // A server that is down is said at the first attempt; the retries are for those who debug.
  const bool loud = report.first_permanent || report.entry.attempts == 0;
  LogEvent(loud ? spdlog::level::warn : spdlog::level::debug, "mlflow",
           {{"run", run},
            {"error", std::string(report.status.message())},
            {"retry_at", absl::FormatTime(report.retry_at)}});
}

void DaemonImpl::Refresh(Metrics* metrics) {
  metrics->SetProcessMemory(memory_->ResidentBytes(), memory_->PeakBytes());
  metrics->SetDeviceMemory(device_.name, engine::DeviceMemoryInUse(device_));
  for (const registry::ModelEntry& entry : manager_.catalog().models) {
    int running = 0;
    int waiting = 0;
    manager_.VisitResident(entry.id, [&](registry::ResidentModel& model) {
      const engine::LanguageModel& resident = static_cast<EngineModel&>(model).model();
      running = resident.running();
      waiting = resident.waiting();
    });
    metrics->SetQueue(entry.id, running, waiting);
  }
  if (absl::StatusOr<int64_t> depth = store_->OutboxDepth(); depth.ok()) {
    metrics->SetMlflowOutboxEntries(*depth);
  }
}

absl::StatusOr<registry::Catalog> ReadCatalog(const Config& config) {
  absl::StatusOr<registry::Catalog> catalog = registry::LoadCatalog(config.catalog_path);
  if (!catalog.ok()) return InKey("catalog", catalog.status());
  return catalog;
}

absl::StatusOr<engine::DeviceInfo> FindDevice(const Config& config) {
  engine::SetCpuThreads(config.threads);
  absl::StatusOr<engine::DeviceInfo> device = engine::ResolveDevice(config.device);
  if (!device.ok()) return InKey("device", device.status());
  return device;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const Config& config) {
  absl::StatusOr<registry::Catalog> catalog = ReadCatalog(config);
  if (!catalog.ok()) return catalog.status();
  absl::StatusOr<engine::DeviceInfo> device = FindDevice(config);
  if (!device.ok()) return device.status();
  auto daemon = std::make_unique<DaemonImpl>(config, *std::move(device), *std::move(catalog));
  if (absl::Status s = daemon->Start(); !s.ok()) return s;
  return daemon;
}

absl::Status CheckDaemon(const Config& config) {
  absl::StatusOr<registry::Catalog> catalog = ReadCatalog(config);
  if (!catalog.ok()) return catalog.status();
  return FindDevice(config).status();
}

}  // namespace assay::server
