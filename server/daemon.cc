// The daemon: composition, start and drain.
#include "server/daemon.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/http/url.h"
#include "base/status_macros.h"
#include "engine/runtime/device.h"
#include "evaluator/economics/economics.h"
#include "evaluator/run/runner.h"
#include "evaluator/scoring/assay_scorer.h"
#include "evaluator/scoring/command_scorer.h"
#include "evaluator/scoring/judge_scorer.h"
#include "evaluator/scoring/scorer.h"
#include "evaluator/store/run_store.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/revision.h"
#include "registry/catalog/route_policy.h"
#include "registry/catalog/source.h"
#include "registry/hub/options.h"
#include "registry/residency/manager.h"
#include "server/config/catalog_check.h"
#include "server/energy/energy_meter.h"
#include "server/events/daemon_events.h"
#include "server/events/log.h"
#include "server/mlflow/client.h"
#include "server/mlflow/environment.h"
#include "server/mlflow/outbox_flusher.h"
#include "server/mlflow/run_artifacts.h"
#include "server/mlflow/span_receiver.h"
#include "server/routing/route_evidence.h"
#include "server/routing/routing.h"
#include "server/rpc/access_log.h"
#include "server/services/evaluation_service.h"
#include "server/services/inference_service.h"
#include "server/services/model_service.h"
#include "server/serving/engine_loader.h"
#include "server/serving/generation.h"
#include "server/serving/hub_fetch.h"
#include "server/serving/model_breakers.h"
#include "server/serving/served_generator.h"
#include "server/state_lock.h"
#include "server/telemetry/machine_probe.h"
#include "server/telemetry/metrics.h"
#include "server/telemetry/metrics_server.h"
#include "server/telemetry/process_memory.h"
#include "server/tracing/otel_environment.h"
#include "server/tracing/otlp_receiver.h"
#include "server/tracing/span_exporter.h"

namespace assay::server {
namespace {

constexpr int64_t kMessageOverheadBytes = int64_t{1} << 20;
// gRPC threads beyond those that wait in queues: model and evaluation calls, health, reflection.
constexpr int kSpareThreads = 64;

// Whose scores are shown after a start.
constexpr int kKnownEvaluations = 200;

// How long a cancelled reload waits for its turn.
constexpr absl::Duration kReloadPoll = absl::Milliseconds(10);

// How long stopping waits for MLflow; what is left goes out after the next start.
constexpr absl::Duration kLastFlush = absl::Seconds(5);

absl::Status InKey(const std::string& key, const absl::Status& status) {
  return {status.code(), absl::StrCat(key, ": ", status.message())};
}

// An entry that takes the place of a built-in model is meant or a mistake: the log says so.
void LogReplaced(const registry::Catalog& catalog) {
  if (catalog.replaced.empty()) return;
  LogEvent(spdlog::level::info, "catalog",
           {{"replaces_built_in", absl::StrJoin(catalog.replaced, ",")}});
}

// "package.Service/Method" of every method of ours.
std::vector<std::string> ServedMethods() {
  std::vector<std::string> methods;
  for (const google::protobuf::FileDescriptor* file :
       {assay::v1::GenerateRequest::descriptor()->file(),
        assay::v1::LoadModelRequest::descriptor()->file(),
        assay::v1::EvaluateRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      const google::protobuf::ServiceDescriptor* service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) {
        methods.push_back(absl::StrCat(service->full_name(), "/", service->method(j)->name()));
      }
    }
  }
  return methods;
}

absl::StatusOr<std::unique_ptr<MlflowClient>> MakeMlflowClient(const Config& config,
                                                               ArtifactSource artifacts) {
  absl::StatusOr<MlflowSettings> settings = ReadMlflowSettings(config.mlflow.experiment);
  if (!settings.ok()) return InKey("mlflow", settings.status());
  absl::StatusOr<std::unique_ptr<MlflowClient>> client =
      MlflowClient::Create(config.mlflow.tracking_uri, *std::move(settings), std::move(artifacts));
  if (!client.ok()) return InKey("mlflow.tracking_uri", client.status());
  return client;
}

// nullptr: traces go nowhere.
absl::StatusOr<std::unique_ptr<SpanReceiver>> MakeReceiver(const Config& config) {
  if (config.tracing.endpoint == "mlflow") {
    if (config.mlflow.tracking_uri.empty()) {
      return absl::InvalidArgumentError(
          "is 'mlflow', but mlflow.tracking_uri is empty: set that, or give the URL of an OTLP "
          "receiver, as in http://127.0.0.1:4318/v1/traces");
    }
    ASSIGN_OR_RETURN(std::unique_ptr<MlflowClient> client, MakeMlflowClient(config, nullptr));
    return std::make_unique<MlflowSpanReceiver>(std::move(client));
  }
  ASSIGN_OR_RETURN(std::optional<OtlpTarget> target, ReadOtlpTarget(config.tracing.endpoint));
  if (!target.has_value()) return nullptr;
  return std::make_unique<OtlpReceiver>(*std::move(target));
}

class DaemonImpl final : public Daemon {
 public:
  // budget_bytes: as BudgetBytes().
  DaemonImpl(Config config, engine::DeviceInfo device, registry::Catalog catalog,
             int64_t budget_bytes)
      : config_(std::move(config)),
        device_(std::move(device)),
        events_({.version = ASSAY_VERSION,
                 .torch_version = device_.torch_version,
                 .device = device_.name},
                {.log_prompts = config_.log_prompts, .trace_content = config_.tracing.content}),
        loader_(device_, config_.limits.max_running, config_.limits.max_waiting),
        hub_(
            registry::HubOptions::FromEnvironment(), [this] { events_.OnDownloadStart(); },
            [this](const DownloadReport& report) { events_.OnDownloadEnd(report); }),
        breakers_(config_.breaker, [this](const std::string& model,
                                          const BreakerStatus& now) { OnBreaker(model, now); }),
        revisions_(registry::HubCacheFolder(), device_.name),
        manager_(std::move(catalog), &loader_,
                 {.memory_budget_bytes = budget_bytes,
                  .hub_cache = registry::HubCacheFolder(),
                  .fetch = hub_.ForLoads(),
                  .keep_alive = config_.residency.keep_alive,
                  .least_residency = config_.residency.least_residency,
                  .reload_beside = config_.residency.reload == "availability",
                  .revisions = &revisions_},
                 [this](const registry::ModelStatus& status) { OnModel(status); }),
        evidence_([this](const registry::ModelEntry& entry) { return manager_.RevisionOf(entry); }),
        routing_(&manager_, &evidence_, config_.routing.classify,
                 [this](std::string_view model) { return breakers_.Refuses(model); }),
        generation_(&manager_, &routing_, &breakers_, config_.limits, config_.evaluation.economics,
                    [this](const RequestRecord& record) { events_.OnRequest(record); }),
        likelihood_(&manager_, config_.limits),
        generator_(&manager_, &generation_, &likelihood_, device_),
        memory_(MakeProcessMemoryProbe()),
        energy_(config_.evaluation.energy == "stated"
                    ? nullptr
                    : FindEnergyMeter({.on_nvidia = device_.kind == engine::DeviceKind::kCuda})),
        joules_(energy_ == nullptr ? 0 : energy_->Joules()) {}

  ~DaemonImpl() override {
    stopping_ = true;
    if (server_ != nullptr) server_->Shutdown(absl::ToChronoTime(absl::Now()));
    if (preload_.joinable()) preload_.join();
    if (runner_ != nullptr) runner_->Shutdown();
    events_.metrics().SetRefresh(nullptr);
  }

  absl::Status Start();

  const std::string& address() const override { return address_; }
  const std::string& metrics_address() const override { return metrics_address_; }
  void Drain() override;
  absl::StatusOr<registry::ReloadReport> ReloadCatalog(const CallContext& context) override;
  void Abort() override { server_->Shutdown(absl::ToChronoTime(absl::Now())); }

 private:
  absl::Status StartEvaluator();
  absl::Status StartMlflow();
  absl::Status StartTracing();
  // Goes on with the evaluations that the last stop interrupted.
  absl::Status ResumeEvaluations();
  absl::Status StartMetrics();
  absl::Status StartServer();
  void Preload();
  absl::Status StartRouting();
  absl::Status SetRoutes(std::vector<registry::RoutePolicy> policies, bool keep_others);

  void OnModel(const registry::ModelStatus& status);
  void OnBreaker(const std::string& model, const BreakerStatus& now);
  // Of the whole model, as it stands now.
  void UpdateHealth(const std::string& model) ABSL_LOCKS_EXCLUDED(health_mutex_);
  void OnEvaluation(const evaluator::Evaluation& evaluation);
  void Refresh(Metrics* metrics);
  void RefreshOutbox(Metrics* metrics);

  const Config config_;
  const engine::DeviceInfo device_;
  DaemonEvents events_;
  EngineLoader loader_;
  const HubFetch hub_;
  // The manager's thread uses them to its end.
  ModelBreakers breakers_;
  // So that what health is told last is the newest.
  absl::Mutex health_mutex_;
  registry::Revisions revisions_;
  registry::Manager manager_;
  RouteEvidence evidence_;
  Routing routing_;
  GenerationService generation_;
  LikelihoodService likelihood_;
  ServedGenerator generator_;
  const std::unique_ptr<evaluator::MemoryProbe> memory_;
  // nullptr: stated watts count.
  const std::unique_ptr<evaluator::EnergyMeter> energy_;
  // What the meter had counted at the start.
  const double joules_;
  evaluator::ScorerSet scorers_;
  std::unique_ptr<StateLock> state_lock_;
  std::unique_ptr<evaluator::RunStore> store_;
  // nullptr: MLflow is off, or its system metrics are.
  std::unique_ptr<evaluator::SystemProbe> system_;
  std::unique_ptr<RunArtifacts> artifacts_;
  std::unique_ptr<MlflowClient> mlflow_;
  std::unique_ptr<OutboxFlusher> flusher_;
  // nullptr: traces go nowhere.
  std::unique_ptr<SpanExporter> exporter_;
  std::unique_ptr<evaluator::Runner> runner_;
  std::unique_ptr<InferenceServiceImpl> inference_service_;
  std::unique_ptr<ModelServiceImpl> model_service_;
  std::unique_ptr<EvaluationServiceImpl> evaluation_service_;
  std::unique_ptr<grpc::Server> server_;
  // Set while server_ lives.
  std::atomic<grpc::HealthCheckServiceInterface*> health_ = nullptr;
  std::unique_ptr<MetricsServer> metrics_server_;
  std::atomic<bool> stopping_ = false;
  absl::Mutex reload_mutex_;
  std::thread preload_;
  std::string address_;
  std::string metrics_address_;
};

absl::Status DaemonImpl::Start() {
  RETURN_IF_ERROR(StartEvaluator());
  RETURN_IF_ERROR(StartRouting());
  for (const registry::ModelStatus& status : manager_.List()) {
    if (!events_.IsDeclared(status.entry.id)) continue;
    events_.metrics().SetModelState(status.entry.id, registry::ModelStateName(status.state));
  }
  RETURN_IF_ERROR(StartMetrics());
  // Before a client can start an evaluation, which would pass for an interrupted one.
  RETURN_IF_ERROR(ResumeEvaluations());
  RETURN_IF_ERROR(StartServer());
  LogEvent(
      spdlog::level::info, "ready",
      {{"listen", address_},
       {"metrics", metrics_address_},
       {"mlflow", mlflow_ == nullptr ? "" : http::WithoutCredentials(config_.mlflow.tracking_uri)},
       {"device", device_.name},
       {"apple_silicon_optimized", device_.apple_silicon_optimized},
       {"threads", device_.threads},
       {"energy", energy_ == nullptr ? "stated" : energy_->source()},
       {"models", manager_.catalog()->models.size()},
       {"version", ASSAY_VERSION}});
  preload_ = std::thread([this] { Preload(); });
  return absl::OkStatus();
}

absl::Status DaemonImpl::ResumeEvaluations() {
  absl::StatusOr<std::vector<std::string>> ids = runner_->Resume();
  if (!ids.ok()) return InKey("state_dir", ids.status());
  for (const std::string& id : *ids) LogEvent(spdlog::level::info, "resumed", {{"evaluation", id}});
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
  RETURN_IF_ERROR(StartMlflow());
  RETURN_IF_ERROR(StartTracing());
  scorers_.Add(std::make_unique<evaluator::ClassicScorer>());
  scorers_.Add(std::make_unique<evaluator::AssayScorer>(config_.evaluation.content_types));
  if (const std::string& judge = config_.evaluation.judge; !judge.empty()) {
    if (absl::Status s = manager_.Get(judge).status(); !s.ok()) {
      return InKey("evaluation.judge.model", s);
    }
    scorers_.Add(std::make_unique<evaluator::JudgeScorer>(&generator_, judge));
  }
  for (const evaluator::CommandScorerOptions& options : config_.evaluation.scorers) {
    scorers_.Add(std::make_unique<evaluator::CommandScorer>(options));
  }
  evaluator::Runner::Options options;
  options.economics = economics;
  options.energy = energy_.get();
  options.system = system_.get();
  options.on_sample = [this](const evaluator::Sample& sample) { events_.OnSample(sample); };
  options.on_finished = [this](const evaluator::Evaluation& evaluation) {
    OnEvaluation(evaluation);
  };
  runner_ = evaluator::Runner::Create(&generator_, memory_.get(), &scorers_, store_.get(),
                                      std::move(options));
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartMlflow() {
  if (config_.mlflow.tracking_uri.empty()) return absl::OkStatus();
  artifacts_ = std::make_unique<RunArtifacts>(store_.get(), config_.evaluation.economics);
  ASSIGN_OR_RETURN(
      std::unique_ptr<MlflowClient> client,
      MakeMlflowClient(config_, [this](const evaluator::TrackedRun& run, const std::string& name) {
        return artifacts_->Make(run, name);
      }));
  mlflow_ = std::move(client);
  if (mlflow_->settings().system_metrics) system_ = MakeMachineProbe(config_.state_dir);
  OutboxFlusherOptions options;
  options.initial_backoff = mlflow_->settings().retries.initial_backoff;
  options.on_upload = [this](const UploadReport& report) { events_.OnUpload(report); };
  options.on_store_error = [](const absl::Status& status) {
    LogEvent(spdlog::level::err, "run_store", {{"error", std::string(status.message())}});
  };
  flusher_ = std::make_unique<OutboxFlusher>(store_.get(), mlflow_.get(), std::move(options));
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartTracing() {
  absl::StatusOr<std::unique_ptr<SpanReceiver>> receiver = MakeReceiver(config_);
  if (!receiver.ok()) return InKey("tracing.endpoint", receiver.status());
  if (*receiver == nullptr) return absl::OkStatus();
  SpanExporter::Options options;
  options.resource = ReadResource(ASSAY_VERSION);
  options.version = ASSAY_VERSION;
  options.on_error = [this](const absl::Status& status) { events_.OnSpanError(status); };
  exporter_ = std::make_unique<SpanExporter>(*std::move(receiver), std::move(options));
  events_.SetExporter(exporter_.get());
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartRouting() {
  absl::Status status = evidence_.Read(*store_);
  if (status.ok()) status = routing_.Open(config_.state_dir + "/routes.json");
  if (!status.ok()) return InKey("state_dir", status);
  events_.metrics().SetCatalogRead(absl::Now());
  events_.Declare(*manager_.catalog(), routing_.set());
  absl::StatusOr<std::vector<evaluator::Evaluation>> known = store_->List(kKnownEvaluations);
  if (!known.ok()) return InKey("state_dir", known.status());
  std::reverse(known->begin(), known->end());
  for (const evaluator::Evaluation& evaluation : *known) events_.OnKnownEvaluation(evaluation);
  return absl::OkStatus();
}

absl::Status DaemonImpl::SetRoutes(std::vector<registry::RoutePolicy> policies, bool keep_others) {
  const size_t count = policies.size();
  absl::Status set =
      keep_others ? routing_.Add(std::move(policies)) : routing_.Set(std::move(policies));
  if (!set.ok()) return set;
  events_.Declare(*manager_.catalog(), routing_.set());
  LogEvent(spdlog::level::info, "routes", {{"set", count}});
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartMetrics() {
  events_.metrics().SetRefresh([this](Metrics* metrics) { Refresh(metrics); });
  if (config_.metrics_listen.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<MetricsServer>> server =
      MetricsServer::Start(config_.metrics_listen, events_.metrics().collectable());
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
  inference_service_ = std::make_unique<InferenceServiceImpl>(
      &generation_, &likelihood_, exporter_ == nullptr ? 0 : config_.tracing.sample_ratio);
  model_service_ = std::make_unique<ModelServiceImpl>(
      &manager_, &loader_, &routing_, &breakers_, config_.limits.drain_timeout,
      registry::HubCacheFolder(), &hub_,
      [this](const CallContext& context) { return ReloadCatalog(context); },
      [this](std::vector<registry::RoutePolicy> policies, bool keep_others) {
        return SetRoutes(std::move(policies), keep_others);
      });
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
                                          static_cast<int>(manager_.catalog()->models.size()));
  builder.SetResourceQuota(quota);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(
      std::make_unique<AccessLog>([this](const CallRecord& record) { events_.OnCall(record); }));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  events_.metrics().DeclareMethods(ServedMethods());
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
  const std::shared_ptr<const registry::Catalog> catalog = manager_.catalog();
  // A resumed evaluation may have loaded some.
  for (const std::string& id : catalog->Ids()) UpdateHealth(id);
  return absl::OkStatus();
}

void DaemonImpl::Preload() {
  const std::shared_ptr<const registry::Catalog> catalog = manager_.catalog();
  for (const registry::ModelEntry& entry : catalog->models) {
    if (!entry.preload || stopping_) continue;
    // A failure is logged by OnModelState; the model's first request tries again.
    manager_.Acquire(entry.id, nullptr, CallContext([this] { return stopping_.load(); }))
        .IgnoreError();
  }
}

void DaemonImpl::Drain() {
  stopping_ = true;
  // First: what is refused from here on is no failure of a model that is measured.
  runner_->Suspend();
  generation_.StartDraining();
  server_->GetHealthCheckService()->Shutdown();
  server_->Shutdown(absl::ToChronoTime(absl::Now() + config_.limits.drain_timeout));
  // Last: a model that it loads goes on loading while a request waits for it.
  runner_->Shutdown();
  health_ = nullptr;
  if (exporter_ != nullptr) exporter_->Stop(kLastFlush);
  if (flusher_ != nullptr) flusher_->Stop(kLastFlush);
}

absl::StatusOr<registry::ReloadReport> DaemonImpl::ReloadCatalog(const CallContext& context) {
  const CallContext until_stopped = context.OrWhen([this] { return stopping_.load(); });
  // So that what is in force in the end is what was read last.
  while (!reload_mutex_.TryLock()) {
    if (until_stopped.IsDone())
      return absl::CancelledError("cancelled while another reload was running");
    absl::SleepFor(kReloadPoll);
  }
  const absl::Cleanup unlock = [this] { reload_mutex_.Unlock(); };
  absl::StatusOr<registry::Catalog> catalog = ReadCatalog(config_);
  if (!catalog.ok()) {
    events_.OnReload(catalog.status());
    return catalog.status();
  }
  LogReplaced(*catalog);
  // First, so that no new model is counted as "other".
  events_.Declare(*catalog, routing_.set());
  absl::StatusOr<registry::ReloadReport> report =
      manager_.Reload(*std::move(catalog), until_stopped);
  breakers_.ResetAll();
  events_.OnReload(report);
  return report;
}

void DaemonImpl::OnModel(const registry::ModelStatus& status) {
  events_.OnModel(status);
  if (!status.entry.built_in || status.state != registry::ModelState::kNew) {
    UpdateHealth(status.entry.id);
  }
}

void DaemonImpl::OnBreaker(const std::string& model, const BreakerStatus& now) {
  events_.OnBreaker(model, now);
  UpdateHealth(model);
}

void DaemonImpl::UpdateHealth(const std::string& model) {
  const absl::MutexLock lock(&health_mutex_);
  const absl::StatusOr<registry::ModelStatus> status = manager_.Get(model);
  const bool serves = status.ok() && status->state == registry::ModelState::kReady &&
                      breakers_.Get(model).state == BreakerState::kClosed;
  if (grpc::HealthCheckServiceInterface* health = health_) health->SetServingStatus(model, serves);
}

void DaemonImpl::OnEvaluation(const evaluator::Evaluation& evaluation) {
  events_.OnEvaluation(evaluation);
  evidence_.Add(evaluation);
  if (flusher_ != nullptr) flusher_->Wake();
}

void DaemonImpl::Refresh(Metrics* metrics) {
  metrics->SetProcessPeak(memory_->PeakBytes());
  metrics->SetDeviceMemory(device_.name, engine::DeviceMemoryInUse(device_));
  metrics->SetMemoryBudget(manager_.used_bytes(), manager_.budget_bytes());
  if (energy_ != nullptr) metrics->SetMachineEnergy(energy_->source(), energy_->Joules() - joules_);
  const std::shared_ptr<const registry::Catalog> catalog = manager_.catalog();
  for (const registry::ModelEntry& entry : catalog->models) {
    ModelUse use;
    const bool resident = manager_.VisitResident(entry.id, [&](registry::ResidentModel& model) {
      use = static_cast<EngineModel&>(model).Use();
    });
    if (!resident && !events_.IsDeclared(entry.id)) continue;
    metrics->SetModelUse(entry.id, use);
    metrics->SetBreaker(entry.id, BreakerStateName(breakers_.Get(entry.id).state));
  }
  metrics->SetEvaluationsRunning(runner_->unfinished());
  RefreshOutbox(metrics);
  if (exporter_ != nullptr) {
    const SpanCounts spans = exporter_->counts();
    metrics->SetSpans(spans.exported, spans.dropped, spans.failed);
  }
}

void DaemonImpl::RefreshOutbox(Metrics* metrics) {
  // Nothing waits for a server that there is not.
  if (flusher_ == nullptr) return metrics->SetMlflowOutbox(0, 0);
  const absl::StatusOr<int64_t> depth = store_->OutboxDepth();
  const absl::StatusOr<absl::Time> oldest = store_->OldestOutbox();
  if (!depth.ok() || !oldest.ok()) return;
  const absl::Duration age = std::max(absl::Now() - *oldest, absl::ZeroDuration());
  metrics->SetMlflowOutbox(*depth, absl::ToDoubleSeconds(age));
}

absl::StatusOr<engine::DeviceInfo> FindDevice(const Config& config) {
  engine::SetCpuThreads(config.threads);
  absl::StatusOr<engine::DeviceInfo> device = engine::ResolveDevice(config.device);
  if (!device.ok()) return InKey("device", device.status());
  return device;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const Config& config) {
  ASSIGN_OR_RETURN(registry::Catalog catalog, ReadCatalog(config));
  LogReplaced(catalog);
  ASSIGN_OR_RETURN(engine::DeviceInfo device, FindDevice(config));
  ASSIGN_OR_RETURN(const int64_t budget, BudgetBytes(config.memory_budget, device));
  auto daemon = std::make_unique<DaemonImpl>(config, std::move(device), std::move(catalog), budget);
  RETURN_IF_ERROR(daemon->Start());
  return daemon;
}

absl::Status CheckDaemon(const Config& config) {
  ASSIGN_OR_RETURN(registry::Catalog catalog, ReadCatalog(config));
  if (absl::Status s = evaluator::Validate(config.evaluation.economics); !s.ok()) {
    return InKey("evaluation.economics", s);
  }
  if (!config.mlflow.tracking_uri.empty()) {
    RETURN_IF_ERROR(MakeMlflowClient(config, nullptr).status());
  }
  if (absl::Status s = MakeReceiver(config).status(); !s.ok()) return InKey("tracing.endpoint", s);
  ASSIGN_OR_RETURN(const engine::DeviceInfo device, FindDevice(config));
  ASSIGN_OR_RETURN(const int64_t budget, BudgetBytes(config.memory_budget, device));
  EngineLoader loader(device, config.limits.max_running, config.limits.max_waiting);
  return CheckModels(catalog, loader, registry::HubCacheFolder(), budget);
}

}  // namespace assay::server
