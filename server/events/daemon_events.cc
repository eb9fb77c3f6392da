// What happens in the daemon, told to metrics, log and traces.
#include "server/events/daemon_events.h"

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "evaluator/plan/prompt_set.h"
#include "server/events/log.h"
#include "server/events/request_spans.h"
#include "server/rpc/grpc_status.h"
#include "server/serving/served_generator.h"

namespace assay::server {
namespace {

constexpr size_t kMaxLoggedBytes = size_t{64} << 10;
constexpr size_t kMaxErrorBytes = 500;

// Routed ones, and those of the built-in prompts: what metrics know as content types.
std::vector<std::string> ContentTypes(const std::vector<registry::RoutePolicy>& set,
                                      const registry::Catalog& catalog) {
  std::set<std::string> types;
  for (const registry::RoutePolicy& policy : set) types.insert(policy.content_type);
  for (const registry::RoutePolicy& policy : catalog.AllRoutes()) types.insert(policy.content_type);
  for (const evaluator::EvaluationPrompt& prompt : evaluator::BuiltInPrompts()) {
    types.insert(prompt.content_type);
  }
  return {types.begin(), types.end()};
}

// Whether the message is the server's own: that of a caller's mistake may quote the request.
bool IsTellable(absl::StatusCode code) {
  return code != absl::StatusCode::kInvalidArgument && code != absl::StatusCode::kOutOfRange;
}

std::string Cut(absl::string_view text, size_t most) { return std::string(text.substr(0, most)); }

// Calls that come every few seconds from whoever watches.
bool IsRoutine(std::string_view method) {
  return method.starts_with("grpc.health.") || method.starts_with("grpc.reflection.");
}

std::string_view StateOf(const evaluator::Evaluation& evaluation) {
  if (evaluation.state == evaluator::EvaluationState::kFailed) return "failed";
  if (evaluation.state == evaluator::EvaluationState::kCancelled) return "cancelled";
  return "succeeded";
}

void AddError(const absl::Status& status, bool all, std::vector<LogField>* fields) {
  if (status.ok() || !(all || IsTellable(status.code()))) return;
  fields->emplace_back("error", Cut(status.message(), kMaxErrorBytes));
}

}  // namespace

void DaemonEvents::DeclareNames() {
  std::vector<std::string> models(own_models_.begin(), own_models_.end());
  models.insert(models.end(), used_built_in_.begin(), used_built_in_.end());
  metrics_.Declare(models, content_types_);
}

void DaemonEvents::Declare(const registry::Catalog& catalog,
                           const std::vector<registry::RoutePolicy>& set) {
  const absl::MutexLock lock(&mutex_);
  own_models_.clear();
  built_in_.clear();
  for (const registry::ModelEntry& entry : catalog.models) {
    (entry.built_in ? built_in_ : own_models_).insert(entry.id);
  }
  std::erase_if(used_built_in_, [&](const std::string& id) { return !built_in_.contains(id); });
  // So that the first failure of what serves by default is an increase.
  const auto use = [&](const std::string& id) {
    if (built_in_.contains(id)) used_built_in_.insert(id);
  };
  use(catalog.default_model);
  for (const auto* policies : {&catalog.routes, &set}) {
    for (const registry::RoutePolicy& policy : *policies) {
      for (const std::string& id : policy.models) use(id);
      for (const std::string& id : policy.fallback) use(id);
      use(policy.otherwise);
    }
  }
  content_types_ = ContentTypes(set, catalog);
  DeclareNames();
}

bool DaemonEvents::IsDeclared(const std::string& model) const {
  const absl::MutexLock lock(&mutex_);
  return own_models_.contains(model) || used_built_in_.contains(model);
}

void DaemonEvents::OnModel(const registry::ModelStatus& status) {
  const bool ready = status.state == registry::ModelState::kReady;
  const bool failed = status.state == registry::ModelState::kFailed;
  const std::string& id = status.entry.id;
  if (status.entry.built_in) {
    if (status.state == registry::ModelState::kNew && !IsDeclared(id)) return;
    const absl::MutexLock lock(&mutex_);
    if (used_built_in_.insert(id).second) DeclareNames();
  }
  metrics_.SetModelState(id, registry::ModelStateName(status.state));
  if (ready || failed) {
    metrics_.RecordModelLoad(id, ready, absl::ToDoubleSeconds(status.load_time));
  }
  if (status.state == registry::ModelState::kUnloaded) {
    metrics_.RecordModelUnload(id, registry::UnloadCauseName(status.cause));
  }
  LogEvent(failed ? spdlog::level::err : spdlog::level::info, "model",
           {{"model", id},
            {"state", registry::ModelStateName(status.state)},
            {"reason", status.reason},
            {"resident_bytes", status.resident_bytes}});
}

void DaemonEvents::OnBreaker(const std::string& model, const BreakerStatus& now) {
  metrics_.RecordBreakerTransition(model, BreakerStateName(now.state));
  const bool open = now.state == BreakerState::kOpen;
  LogEvent(open ? spdlog::level::err : spdlog::level::info, "breaker",
           {{"model", model},
            {"state", BreakerStateName(now.state)},
            {"failures", now.failures},
            {"last_error", now.last_error},
            {"retry_ms", absl::ToInt64Milliseconds(now.retry_after)}});
}

void DaemonEvents::OnRequest(const RequestRecord& record) {
  const assay::v1::Timings& timings = record.response->timings();
  const assay::v1::Usage& usage = record.response->usage();
  metrics_.RecordRequest({.model = record.model,
                          .content_type = record.content_type,
                          .route = record.rule,
                          .status = record.status.code(),
                          .duration_seconds = absl::ToDoubleSeconds(record.duration),
                          .queue_seconds = timings.queue_ms() / 1e3,
                          .prefill_seconds = timings.prefill_ms() / 1e3,
                          .first_token_seconds = timings.first_token_ms() / 1e3,
                          .per_token_seconds = timings.per_token_ms() / 1e3,
                          .token_gaps = record.token_gaps,
                          .prompt_tokens = usage.prompt_tokens(),
                          .reuse_prefix = record.context.reuse_prefix,
                          .cached_tokens = usage.cached_tokens(),
                          .generated_tokens = usage.completion_tokens(),
                          .drafted_tokens = usage.drafted_tokens(),
                          .accepted_tokens = usage.accepted_tokens(),
                          .preemptions = record.preemptions,
                          .cost_dollars = record.response->cost_usd(),
                          .hosted_dollars = record.hosted_usd,
                          .energy_joules = record.joules});
  if (!record.context.method.empty()) {
    metrics_.RecordCall(record.context.method, record.status.code());
  }
  LogRequest(record);
  if (exporter_ != nullptr && record.context.trace.sampled) {
    exporter_->Export(RequestSpans(record, options_.trace_content));
  }
}

void DaemonEvents::LogRequest(const RequestRecord& record) const {
  if (!spdlog::should_log(spdlog::level::info)) return;
  const assay::v1::GenerateResponse& response = *record.response;
  std::vector<LogField> fields;
  if (!record.context.method.empty()) {
    fields = {{"request_id", record.context.request_id},
              {"trace_id", record.context.trace.trace_id},
              {"method", record.context.method},
              {"peer", record.context.peer}};
  }
  fields.insert(fields.end(), {{"model", record.model},
                               {"content_type", record.content_type},
                               {"route", record.rule},
                               {"status", StatusLabel(record.status.code())},
                               {"duration_ms", absl::ToInt64Milliseconds(record.duration)}});
  if (record.status.ok()) {
    fields.insert(fields.end(),
                  {{"first_token_ms", static_cast<int64_t>(response.timings().first_token_ms())},
                   {"prompt_tokens", response.usage().prompt_tokens()},
                   {"cached_tokens", response.usage().cached_tokens()},
                   {"completion_tokens", response.usage().completion_tokens()},
                   {"finish_reason", FinishReasonName(response.finish_reason())}});
  }
  AddError(record.status, options_.log_prompts, &fields);
  if (options_.log_prompts) {
    fields.emplace_back("prompt", Cut(InputMessages(*record.request), kMaxLoggedBytes));
    if (record.status.ok()) fields.emplace_back("text", Cut(response.text(), kMaxLoggedBytes));
  }
  LogEvent(spdlog::level::info, "request", fields);
}

void DaemonEvents::OnCall(const CallRecord& record) {
  const auto code = static_cast<absl::StatusCode>(record.status.error_code());
  metrics_.RecordCall(record.context.method, code);
  const auto level = IsRoutine(record.context.method) ? spdlog::level::debug : spdlog::level::info;
  if (!spdlog::should_log(level)) return;
  std::vector<LogField> fields = {{"request_id", record.context.request_id},
                                  {"trace_id", record.context.trace.trace_id},
                                  {"method", record.context.method},
                                  {"peer", record.context.peer},
                                  {"status", StatusLabel(code)},
                                  {"duration_ms", absl::ToInt64Milliseconds(record.duration)}};
  AddError(absl::Status(code, record.status.error_message()), options_.log_prompts, &fields);
  LogEvent(level, "call", fields);
}

void DaemonEvents::OnDownloadStart() {
  const absl::MutexLock lock(&mutex_);
  metrics_.SetDownloadsRunning(++downloads_);
}

void DaemonEvents::OnDownloadEnd(const DownloadReport& report) {
  {
    const absl::MutexLock lock(&mutex_);
    metrics_.SetDownloadsRunning(--downloads_);
  }
  metrics_.RecordDownload(report.status.ok(), report.bytes, absl::ToDoubleSeconds(report.duration));
  LogEvent(report.status.ok() ? spdlog::level::info : spdlog::level::err, "download",
           {{"repo", report.source.repo},
            {"revision", report.source.revision},
            {"file", report.source.file},
            {"status", StatusLabel(report.status.code())},
            {"bytes", report.bytes},
            {"duration_ms", absl::ToInt64Milliseconds(report.duration)},
            {"error", Cut(report.status.message(), kMaxErrorBytes)}});
}

void DaemonEvents::OnReload(const absl::StatusOr<registry::ReloadReport>& report) {
  const bool whole = report.ok() && report->failed.empty();
  metrics_.RecordCatalogReload(whole, absl::Now());
  if (!report.ok()) {
    LogEvent(spdlog::level::err, "catalog", {{"error", std::string(report.status().message())}});
    return;
  }
  LogEvent(whole ? spdlog::level::info : spdlog::level::err, "catalog",
           {{"added", absl::StrJoin(report->added, ",")},
            {"removed", absl::StrJoin(report->removed, ",")},
            {"reloaded", absl::StrJoin(report->reloaded, ",")},
            {"failed", absl::StrJoin(report->failed, "; ")}});
}

void DaemonEvents::OnSample(const evaluator::Sample& sample) {
  metrics_.RecordEvaluationSample(sample.model, sample.content_type, sample.error.empty());
}

void DaemonEvents::SetScores(const evaluator::Evaluation& evaluation) {
  for (const evaluator::Summary& summary : evaluation.summaries) {
    if (summary.content_type.empty() || summary.quality_score.n == 0) continue;
    // A candidate with settings of its own is no model of the catalog.
    if (!IsDeclared(summary.model)) continue;
    metrics_.SetEvaluationScore(summary.model, summary.content_type, summary.quality_score.mean,
                                summary.quality_score.ci_low, summary.quality_score.ci_high);
  }
}

void DaemonEvents::OnEvaluation(const evaluator::Evaluation& evaluation) {
  metrics_.RecordEvaluation(StateOf(evaluation),
                            absl::ToDoubleSeconds(evaluation.finished_at - evaluation.started_at),
                            evaluation.finished_at);
  SetScores(evaluation);
  LogEvent(spdlog::level::info, "evaluation",
           {{"id", evaluation.id},
            {"state", StateOf(evaluation)},
            {"samples", evaluation.finished_samples},
            {"error", evaluation.error}});
}

void DaemonEvents::OnKnownEvaluation(const evaluator::Evaluation& evaluation) {
  {
    const absl::MutexLock lock(&mutex_);
    bool more = false;
    for (const evaluator::Summary& summary : evaluation.summaries) {
      if (built_in_.contains(summary.model)) more |= used_built_in_.insert(summary.model).second;
    }
    if (more) DeclareNames();
  }
  SetScores(evaluation);
  if (evaluation.state == evaluator::EvaluationState::kSucceeded) {
    metrics_.SetLastEvaluation(evaluation.finished_at);
  }
}

void DaemonEvents::OnUpload(const UploadReport& report) {
  const std::string& run = report.entry.run.run_name;
  if (report.status.ok()) {
    metrics_.RecordMlflowUpload(UploadResult::kOk);
    LogEvent(spdlog::level::info, "mlflow", {{"run", run}, {"url", report.uploaded.run.url}});
    for (const std::string& left_out : report.uploaded.left_out) {
      LogEvent(spdlog::level::warn, "mlflow", {{"run", run}, {"left_out", left_out}});
    }
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

void DaemonEvents::OnSpanError(const absl::Status& status) {
  bool first = false;
  {
    const absl::MutexLock lock(&mutex_);
    first = !std::exchange(span_error_told_, true);
  }
  // The rest is counted (assay_trace_spans_total).
  LogEvent(first ? spdlog::level::warn : spdlog::level::debug, "traces",
           {{"error", Cut(status.message(), kMaxErrorBytes)}});
}

}  // namespace assay::server
