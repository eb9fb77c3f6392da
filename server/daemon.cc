// The daemon: composition, start and drain.
#include "server/daemon.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "engine/runtime/device.h"
#include "engine/runtime/encoder_model.h"
#include "evaluator/economics/economics.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/revision.h"
#include "registry/catalog/source.h"
#include "registry/hub/options.h"
#include "registry/residency/manager.h"
#include "server/access_stack.h"
#include "server/catalog_controller.h"
#include "server/config/catalog_check.h"
#include "server/energy/energy_meter.h"
#include "server/evaluation_history.h"
#include "server/evaluation_stack.h"
#include "server/events/daemon_events.h"
#include "server/events/log.h"
#include "server/feedback_stack.h"
#include "server/grpc_server.h"
#include "server/http/listener.h"
#include "server/http/message.h"
#include "server/http_stack.h"
#include "server/metrics_refresh.h"
#include "server/mlflow/tracking_uri.h"
#include "server/model_health.h"
#include "server/recording/prompt_recorder.h"
#include "server/routing/model_kinds.h"
#include "server/routing/route_evidence.h"
#include "server/routing/routing.h"
#include "server/rpc/call_runner.h"
#include "server/rpc/listening_sockets.h"
#include "server/rpc/request_progress.h"
#include "server/services/access_service.h"
#include "server/services/embedding_service.h"
#include "server/services/evaluation_control_service.h"
#include "server/services/evaluation_service.h"
#include "server/services/feedback_service.h"
#include "server/services/inference_service.h"
#include "server/services/judging_service.h"
#include "server/services/model_service.h"
#include "server/services/prompt_log_service.h"
#include "server/services/rating_service.h"
#include "server/services/scoring_service.h"
#include "server/services/tracking_service.h"
#include "server/serving/embedding.h"
#include "server/serving/engine_loader.h"
#include "server/serving/generation.h"
#include "server/serving/hub_fetch.h"
#include "server/serving/likelihood.h"
#include "server/serving/model_breakers.h"
#include "server/serving/served_embedder.h"
#include "server/serving/served_generator.h"
#include "server/state_lock.h"
#include "server/telemetry/metrics_server.h"
#include "server/telemetry/process_memory.h"
#include "server/tracing/span_exporter.h"
#include "server/tracking.h"

namespace assay::server {
namespace {

// The longest time that stopping waits for MLflow and for the receiver of traces, each.
constexpr absl::Duration kLastFlush = absl::Seconds(5);

// Handlers for calls that do not wait in a model's queue: models, evaluations, reports.
constexpr int kOtherHandlers = 64;

CallLimits CallLimitsOf(const LimitsConfig& limits, const registry::Catalog& catalog) {
  CallLimits calls;
  // Each model may have a queue of waiting calls, each on a thread.
  calls.max_handlers =
      calls.quick_handlers + kOtherHandlers +
      (limits.max_waiting + limits.max_running) * static_cast<int>(catalog.models.size());
  calls.default_deadline = limits.default_deadline;
  calls.write_timeout = limits.write_timeout;
  calls.max_message_bytes = limits.max_message_bytes;
  return calls;
}

std::string RoutesPath(const Config& config) { return config.state_dir + "/routes.json"; }

absl::Status CheckEconomics(const Config& config) {
  return Annotate(evaluator::Validate(config.evaluation.economics), "evaluation.economics");
}

void LogOldEvidence(const registry::RouteDecision& decision) {
  LogEvent(spdlog::level::warn, "route_evidence_old",
           {{"content_type", decision.content_type},
            {"model", decision.model},
            {"reason", decision.reason}});
}

void LogModelWarning(const std::string& model, const std::string& warning) {
  LogEvent(spdlog::level::warn, "model_warning", {{"model", model}, {"warning", warning}});
}

class DaemonImpl final : public Daemon {
 public:
  // `budget_bytes` is the result of BudgetBytes().
  DaemonImpl(Config config, engine::DeviceInfo device, registry::Catalog catalog,
             int64_t budget_bytes);
  ~DaemonImpl() override;

  absl::Status Start();

  const std::string& address() const override { return grpc_server_->address(); }
  const std::string& metrics_address() const override { return metrics_address_; }
  absl::StatusOr<registry::ReloadReport> ReloadCatalog(const CallContext& context) override {
    return control_.ReloadCatalog(context);
  }
  void Drain() override;
  // gRPC's own shutdown cannot be shortened once it has begun.
  void Abort() override {
    calls_->CancelAll();
    if (http_ != nullptr) http_->Abort();
  }

 private:
  absl::Status StartEvaluation();
  absl::Status StartRouting();
  absl::Status StartMetrics();
  absl::Status StartServer();
  absl::Status StartHttp();
  void LogReady() const;
  // Loads the models marked `preload`. Runs on its own thread.
  void Preload();
  // Ends preloads and reloads.
  void StopLoads();

  // Says whether a caller may read the metrics.
  absl::Status MayScrape(const HttpRequest& request) const;
  void OnRequest(const RequestRecord& record);
  void OnModel(const registry::ModelStatus& status);
  void OnBreaker(const std::string& model, const BreakerStatus& now);

  // Members are destroyed in reverse order: each uses only those above it.
  const Config config_;
  const engine::DeviceInfo device_;
  DaemonEvents events_;
  EngineLoader loader_;
  const HubFetch hub_;
  // The manager's thread uses the breakers, the health and the kinds until the manager is
  // destroyed.
  ModelBreakers breakers_;
  ModelHealth health_;
  ModelKinds kinds_;
  registry::Revisions revisions_;
  registry::Manager manager_;
  RouteEvidence evidence_;
  EvaluationHistory history_;
  Routing routing_;
  CatalogController control_;
  GenerationService generation_;
  LikelihoodService likelihood_;
  EmbeddingService embedding_;
  ServedGenerator generator_;
  ServedEmbedder embedder_;
  const std::unique_ptr<evaluator::MemoryProbe> memory_;
  // nullptr: energy is estimated from the stated watts.
  const std::unique_ptr<evaluator::EnergyMeter> energy_;
  std::unique_ptr<StateLock> state_lock_;
  std::unique_ptr<AccessStack> access_;
  // nullptr: traces are off.
  std::unique_ptr<SpanExporter> exporter_;
  std::unique_ptr<EvaluationStack> evaluation_;
  std::unique_ptr<FeedbackStack> feedback_;
  std::unique_ptr<PromptRecorder> recorder_;
  std::unique_ptr<MetricsRefresh> refresh_;
  RequestProgress progress_;
  std::unique_ptr<CallRunner> calls_;
  std::unique_ptr<AccessServiceImpl> access_service_;
  std::unique_ptr<InferenceServiceImpl> inference_service_;
  std::unique_ptr<EmbeddingServiceImpl> embedding_service_;
  std::unique_ptr<ModelServiceImpl> model_service_;
  std::unique_ptr<EvaluationServiceImpl> evaluation_service_;
  std::unique_ptr<EvaluationControlServiceImpl> evaluation_control_service_;
  std::unique_ptr<ScoringServiceImpl> scoring_service_;
  std::unique_ptr<JudgingServiceImpl> judging_service_;
  std::unique_ptr<FeedbackServiceImpl> feedback_service_;
  std::unique_ptr<RatingServiceImpl> rating_service_;
  std::unique_ptr<TrackingServiceImpl> tracking_service_;
  std::unique_ptr<PromptLogServiceImpl> prompt_log_service_;
  std::unique_ptr<GrpcServer> grpc_server_;
  // nullptr: the HTTP APIs are off.
  std::unique_ptr<HttpStack> http_;
  std::atomic<bool> draining_ = false;
  std::unique_ptr<MetricsServer> metrics_server_;
  std::string metrics_address_;
  std::atomic<bool> stopping_ = false;
  std::thread preload_;
};

DaemonImpl::DaemonImpl(Config config, engine::DeviceInfo device, registry::Catalog catalog,
                       int64_t budget_bytes)
    : config_(std::move(config)),
      device_(std::move(device)),
      events_({.version = ASSAY_VERSION,
               .torch_version = device_.torch_version,
               .device = device_.name},
              {.log_prompts = config_.log_prompts, .trace_content = config_.tracing.content}),
      loader_(device_, config_.limits.max_running, config_.limits.max_waiting, LogModelWarning),
      hub_(
          registry::HubOptions::FromEnvironment(), [this] { events_.OnDownloadStart(); },
          [this](const DownloadReport& report) { events_.OnDownloadEnd(report); }),
      breakers_(config_.breaker, [this](const std::string& model,
                                        const BreakerStatus& now) { OnBreaker(model, now); }),
      health_(&manager_, &breakers_),
      kinds_(&manager_, registry::HubCacheFolder(), engine::IsEncoderPath),
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
      evidence_([this](const registry::ModelEntry& entry) { return manager_.RevisionOf(entry); },
                {.max_age = config_.routing.evidence_max_age}),
      history_(&evidence_, &events_),
      routing_(&manager_, &evidence_,
               {.classify = config_.routing.classify,
                .refuse_unknown = config_.routing.refuse_unknown,
                .down = [this](std::string_view model) { return breakers_.Refuses(model); },
                .on_old_evidence = LogOldEvidence,
                .kinds = &kinds_}),
      control_(config_, &manager_, &routing_, &breakers_, &events_),
      generation_(&manager_, &routing_, &breakers_, config_.limits, config_.evaluation.economics,
                  [this](const RequestRecord& record) { OnRequest(record); }),
      likelihood_(&manager_, config_.limits),
      embedding_(&manager_, &kinds_, config_.limits),
      generator_(&manager_, &generation_, &likelihood_, device_),
      embedder_(&embedding_),
      memory_(MakeProcessMemoryProbe()),
      energy_(config_.evaluation.energy == "stated"
                  ? nullptr
                  : FindEnergyMeter({.on_nvidia = device_.kind == engine::DeviceKind::kCuda})) {}

DaemonImpl::~DaemonImpl() {
  StopLoads();
  if (http_ != nullptr) http_->Abort();
  http_.reset();
  if (grpc_server_ != nullptr) grpc_server_->Abort();
  if (preload_.joinable()) preload_.join();
  if (evaluation_ != nullptr) evaluation_->Shutdown();
  events_.metrics().SetRefresh(nullptr);
  health_.Detach();
}

absl::Status DaemonImpl::Start() {
  RETURN_IF_ERROR(StartEvaluation());
  RETURN_IF_ERROR(StartRouting());
  for (const registry::ModelStatus& status : manager_.List()) {
    if (!events_.IsDeclared(status.entry.id)) continue;
    events_.metrics().SetModelState(status.entry.id, registry::ModelStateName(status.state));
  }
  RETURN_IF_ERROR(StartMetrics());
  RETURN_IF_ERROR(evaluation_->StartUpkeep(
      config_, [this] { return history_.Read(evaluation_->store()); },
      [this](bool serve) { health_.SetEvaluations(serve); }));
  if (!evaluation_->CanRecord().ok()) {
    history_.ReadOnFullDisk(evaluation_->store(), config_.state_dir + "/evaluations.sqlite");
  }
  RETURN_IF_ERROR(StartServer());
  RETURN_IF_ERROR(StartHttp());
  LogReady();
  preload_ = std::thread([this] { Preload(); });
  return absl::OkStatus();
}

void DaemonImpl::LogReady() const {
  const std::string mlflow =
      evaluation_->uses_mlflow() ? ShownTrackingUri(config_.mlflow.tracking_uri) : std::string();
  LogEvent(spdlog::level::info, "ready",
           {{"listen", address()},
            {"metrics", metrics_address_},
            {"http", http_ == nullptr ? "" : http_->url()},
            {"mlflow", mlflow},
            {"device", device_.name},
            {"apple_silicon_optimized", device_.apple_silicon_optimized},
            {"threads", device_.threads},
            {"energy", energy_ == nullptr ? "stated" : energy_->source()},
            {"models", manager_.catalog()->models.size()},
            {"version", ASSAY_VERSION}});
  for (const std::string& text : device_.workarounds) {
    LogEvent(spdlog::level::warn, "device_workaround", {{"device", device_.name}, {"fault", text}});
  }
}

absl::Status DaemonImpl::StartEvaluation() {
  RETURN_IF_ERROR(CheckEconomics(config_));
  absl::StatusOr<std::unique_ptr<StateLock>> lock = StateLock::Acquire(config_.state_dir);
  if (!lock.ok()) return Annotate(lock.status(), "state_dir");
  state_lock_ = *std::move(lock);
  ASSIGN_OR_RETURN(access_, AccessStack::Create(config_));
  ASSIGN_OR_RETURN(evaluation_, EvaluationStack::Create(config_, {.manager = &manager_,
                                                                  .generator = &generator_,
                                                                  .embedder = &embedder_,
                                                                  .kinds = &kinds_,
                                                                  .evidence = &evidence_,
                                                                  .routing = &routing_,
                                                                  .events = &events_,
                                                                  .memory = memory_.get(),
                                                                  .energy = energy_.get()}));
  std::function<void()> wake_mlflow;
  if (evaluation_->uses_mlflow()) wake_mlflow = [this] { evaluation_->WakeMlflow(); };
  ASSIGN_OR_RETURN(feedback_, FeedbackStack::Create(config_, std::move(wake_mlflow)));
  absl::StatusOr<std::unique_ptr<PromptRecorder>> recorder = PromptRecorder::Create(
      config_.state_dir + "/evaluations.sqlite",
      {.config = config_.recording, .on_store_error = [](const absl::Status& status) {
         LogEvent(spdlog::level::err, "prompt_store", {{"error", std::string(status.message())}});
       }});
  if (!recorder.ok()) return Annotate(recorder.status(), "state_dir");
  recorder_ = *std::move(recorder);
  ASSIGN_OR_RETURN(exporter_, MakeSpanExporter(config_, [this](const absl::Status& status) {
                     events_.OnSpanError(status);
                   }));
  if (exporter_ != nullptr) events_.SetExporter(exporter_.get());
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartRouting() {
  RETURN_IF_ERROR(Annotate(routing_.Open(RoutesPath(config_)), "state_dir"));
  events_.metrics().SetCatalogRead(absl::Now());
  events_.Declare(*manager_.catalog(), routing_.set());
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartMetrics() {
  refresh_ = std::make_unique<MetricsRefresh>(
      MetricsRefresh::Sources{.device = device_,
                              .manager = &manager_,
                              .breakers = &breakers_,
                              .events = &events_,
                              .evaluation = evaluation_.get(),
                              .answers = &feedback_->memory(),
                              .prompts = recorder_.get(),
                              .memory = memory_.get(),
                              .energy = energy_.get(),
                              .exporter = exporter_.get(),
                              .certificates = access_->certificates()});
  events_.metrics().SetRefresh([this](Metrics* metrics) { refresh_->Refresh(metrics); });
  if (config_.metrics_listen.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<MetricsServer>> server = MetricsServer::Start(
      config_.metrics_listen, events_.metrics().collectable(),
      access_->certificates() == nullptr ? nullptr : access_->certificates()->contexts(),
      [this](const HttpRequest& request) { return MayScrape(request); });
  if (!server.ok()) return Annotate(server.status(), "metrics.listen");
  metrics_server_ = *std::move(server);
  metrics_address_ = metrics_server_->url();
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartServer() {
  calls_ = std::make_unique<CallRunner>(CallLimitsOf(config_.limits, *manager_.catalog()),
                                        &access_->control(), access_->audit(), &progress_);
  access_service_ = std::make_unique<AccessServiceImpl>(calls_.get(), &access_->keys(),
                                                        config_.access.keys_required);
  inference_service_ = std::make_unique<InferenceServiceImpl>(
      calls_.get(), &generation_, &likelihood_,
      exporter_ == nullptr ? 0 : config_.tracing.sample_ratio);
  embedding_service_ = std::make_unique<EmbeddingServiceImpl>(calls_.get(), &embedding_);
  model_service_ = std::make_unique<ModelServiceImpl>(
      calls_.get(), ModelServiceImpl::Dependencies{.manager = &manager_,
                                                   .loader = &loader_,
                                                   .hub = &hub_,
                                                   .routing = &routing_,
                                                   .breakers = &breakers_,
                                                   .control = &control_,
                                                   .hub_cache = registry::HubCacheFolder(),
                                                   .drain_timeout = config_.limits.drain_timeout});
  evaluation_service_ = std::make_unique<EvaluationServiceImpl>(
      calls_.get(), &evaluation_->runner(), &evaluation_->store(), &manager_, config_,
      &feedback_->store(), &evaluation_->judgments(), [this] { return evaluation_->CanRecord(); });
  evaluation_control_service_ = std::make_unique<EvaluationControlServiceImpl>(
      calls_.get(), EvaluationControlServiceImpl::Dependencies{
                        .deleter = &evaluation_->deleter(),
                        .max_stored_bytes = config_.evaluation.max_stored,
                        .uses_mlflow = evaluation_->uses_mlflow(),
                        .wake_upkeep = [this] { evaluation_->WakeUpkeep(); }});
  scoring_service_ = std::make_unique<ScoringServiceImpl>(calls_.get(), &evaluation_->scorers(),
                                                          config_.limits.max_prompt_bytes);
  judging_service_ = std::make_unique<JudgingServiceImpl>(
      calls_.get(),
      JudgingServiceImpl::Dependencies{.store = &evaluation_->store(),
                                       .judgments = &evaluation_->judgments(),
                                       .generator = &generator_,
                                       .manager = &manager_,
                                       .judges = config_.evaluation.judges,
                                       .wake_mlflow = [this] { evaluation_->WakeMlflow(); }});
  feedback_service_ = std::make_unique<FeedbackServiceImpl>(
      calls_.get(), FeedbackServiceImpl::Dependencies{
                        .store = &feedback_->store(),
                        .memory = &feedback_->memory(),
                        .routing = &routing_,
                        .on_feedback = [this](const evaluator::FeedbackResult& result) {
                          events_.OnFeedback(result);
                        }});
  rating_service_ = std::make_unique<RatingServiceImpl>(calls_.get(), &evaluation_->store());
  tracking_service_ = std::make_unique<TrackingServiceImpl>(
      calls_.get(), TrackingServiceImpl::Dependencies{
                        .store = &evaluation_->store(),
                        .flusher = evaluation_->flusher(),
                        .make_client = [this] { return MakeMlflowClient(config_, nullptr); }});
  prompt_log_service_ = std::make_unique<PromptLogServiceImpl>(calls_.get(), recorder_.get());
  events_.metrics().DeclareMethods(ServedMethods());
  ASSIGN_OR_RETURN(
      grpc_server_,
      GrpcServer::Start(
          {.listen = config_.listen,
           .limits = config_.limits,
           .unix_socket = config_.access.unix_socket,
           .certificates = access_->certificates(),
           .reflection = !config_.access.keys_required,
           .on_call = [this](const CallRecord& record) { events_.OnCall(record); },
           .access = &access_->control(),
           .on_flood =
               [](const std::string& peer) {
                 LogEvent(spdlog::level::warn, "connection_closed",
                          {{"peer", peer}, {"reason", "floods the server"}});
               },
           .progress = &progress_},
          {access_service_.get(), inference_service_.get(), embedding_service_.get(),
           model_service_.get(), evaluation_service_.get(), evaluation_control_service_.get(),
           scoring_service_.get(), feedback_service_.get(), rating_service_.get(),
           judging_service_.get(), tracking_service_.get(), prompt_log_service_.get()}));
  // A resumed evaluation may have loaded some models already.
  health_.Attach(grpc_server_.get());
  return absl::OkStatus();
}

absl::Status DaemonImpl::StartHttp() {
  if (config_.http_listen.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      http_,
      HttpStack::Start(
          config_,
          {.generation = &generation_,
           .embedding = &embedding_,
           .manager = &manager_,
           .access = &access_->control(),
           .limits = config_.limits,
           .version = ASSAY_VERSION,
           .sample_ratio = exporter_ == nullptr ? 0 : config_.tracing.sample_ratio,
           .is_serving = [this] { return !draining_; },
           .record =
               [this](const RequestContext& context, const PresentedKey& key,
                      const absl::Status& status, absl::Duration duration) {
                 events_.OnCall({.context = context,
                                 .key = key,
                                 .status = ToGrpcStatus(status),
                                 .duration = duration});
               }},
          access_->certificates() == nullptr ? nullptr : access_->certificates()->contexts()));
  return absl::OkStatus();
}

void DaemonImpl::Preload() {
  const std::shared_ptr<const registry::Catalog> catalog = manager_.catalog();
  for (const registry::ModelEntry& entry : catalog->models) {
    if (!entry.preload || stopping_) continue;
    // OnModel() logs a failure; the model's first request tries again.
    manager_.Acquire(entry.id, nullptr, CallContext([this] { return stopping_.load(); }))
        .IgnoreError();
  }
}

void DaemonImpl::StopLoads() {
  stopping_ = true;
  control_.Stop();
}

void DaemonImpl::Drain() {
  draining_ = true;
  StopLoads();
  // Suspended first: a request that is refused from here on is no failure of a measured model.
  evaluation_->Suspend();
  generation_.StartDraining();
  std::thread http([this] {
    if (http_ != nullptr) http_->Stop();
  });
  grpc_server_->Drain(absl::Now() + config_.limits.drain_timeout);
  http.join();
  // Ended last: a model that an evaluation loads continues to load while a request waits for it.
  evaluation_->Shutdown();
  health_.Detach();
  if (exporter_ != nullptr) exporter_->Stop(kLastFlush);
  evaluation_->Flush(kLastFlush);
}

absl::Status DaemonImpl::MayScrape(const HttpRequest& request) const {
  const Credentials credentials = {.authorization = request.Header("authorization"),
                                   .api_key = request.Header("x-api-key"),
                                   .peer = request.peer};
  return access_->control()
      .Admit(credentials, {Role::kMetrics, Role::kAdmin}, "GET /metrics")
      .status;
}

void DaemonImpl::OnRequest(const RequestRecord& record) {
  events_.OnRequest(record);
  if (feedback_ != nullptr) feedback_->OnRequest(record);
  if (recorder_ != nullptr) recorder_->OnRequest(record);
}

void DaemonImpl::OnModel(const registry::ModelStatus& status) {
  // A load may have downloaded the model.
  kinds_.Forget();
  events_.OnModel(status);
  if (!status.entry.built_in || status.state != registry::ModelState::kNew) {
    health_.Update(status.entry.id);
  }
}

void DaemonImpl::OnBreaker(const std::string& model, const BreakerStatus& now) {
  events_.OnBreaker(model, now);
  health_.Update(model);
}

// Checks what the start reads of the addresses before it binds them.
absl::Status CheckAddresses(const Config& config) {
  if (!config.http_listen.empty()) {
    RETURN_IF_ERROR(Annotate(ParseHostAndPort(config.http_listen).status(), "http.listen"));
  }
  if (!config.metrics_listen.empty()) {
    RETURN_IF_ERROR(Annotate(ParseHostAndPort(config.metrics_listen).status(), "metrics.listen"));
  }
  RETURN_IF_ERROR(CheckHostAndPort(config.listen));
  return CheckSocketPath(config.access.unix_socket);
}

absl::StatusOr<engine::DeviceInfo> FindDevice(const Config& config) {
  engine::SetCpuThreads(config.threads);
  absl::StatusOr<engine::DeviceInfo> device = engine::ResolveDevice(config.device);
  if (!device.ok()) return Annotate(device.status(), "device");
  return device;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const Config& config) {
  ASSIGN_OR_RETURN(registry::Catalog catalog, ReadCatalog(config));
  LogReplacedModels(catalog);
  ASSIGN_OR_RETURN(engine::DeviceInfo device, FindDevice(config));
  ASSIGN_OR_RETURN(const int64_t budget, BudgetBytes(config.memory_budget, device));
  auto daemon = std::make_unique<DaemonImpl>(config, std::move(device), std::move(catalog), budget);
  RETURN_IF_ERROR(daemon->Start());
  return daemon;
}

absl::Status CheckDaemon(const Config& config) {
  ASSIGN_OR_RETURN(registry::Catalog catalog, ReadCatalog(config));
  ASSIGN_OR_RETURN(const engine::DeviceInfo device, FindDevice(config));
  ASSIGN_OR_RETURN(const int64_t budget, BudgetBytes(config.memory_budget, device));
  RETURN_IF_ERROR(CheckEconomics(config));
  RETURN_IF_ERROR(Annotate(StateLock::Check(config.state_dir), "state_dir"));
  RETURN_IF_ERROR(AccessStack::Check(config));
  EngineLoader loader(device, config.limits.max_running, config.limits.max_waiting);
  RETURN_IF_ERROR(CheckModels(catalog, loader, registry::HubCacheFolder(), budget));
  const registry::Manager manager(std::move(catalog), &loader, {}, nullptr);
  ModelKinds kinds(&manager, registry::HubCacheFolder(), engine::IsEncoderPath);
  RETURN_IF_ERROR(CheckTracking(config));
  RETURN_IF_ERROR(EvaluationStack::CheckModels(config.evaluation, manager, &kinds));
  RETURN_IF_ERROR(Annotate(Routing::CheckFile(RoutesPath(config)), "state_dir"));
  return CheckAddresses(config);
}

}  // namespace assay::server
