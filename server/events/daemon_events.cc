// Fans daemon events out to metrics, the log and traces.
#include "server/events/daemon_events.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "evaluator/plan/prompt_set.h"
#include "evaluator/records/too_few.h"
#include "server/events/log.h"
#include "server/events/request_spans.h"
#include "server/rpc/grpc_status.h"
#include "server/serving/generation_types.h"

namespace assay::server {
namespace {

constexpr size_t kMaxLoggedBytes = size_t{64} << 10;
constexpr size_t kMaxErrorBytes = 500;

// Returns the content types that metrics have as labels: those of routes and of the built-in
// prompts.
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

// True if a message with this code cannot quote the request: the error is not the caller's mistake.
bool IsSafeToLog(absl::StatusCode code) {
  return code != absl::StatusCode::kInvalidArgument && code != absl::StatusCode::kOutOfRange;
}

std::string Cut(absl::string_view text, size_t max_bytes) {
  return std::string(text.substr(0, max_bytes));
}

// True for calls that monitoring systems make every few seconds.
bool IsRoutine(std::string_view method) {
  return method.starts_with("grpc.health.") || method.starts_with("grpc.reflection.");
}

// With `log_all` messages that may quote the request are added too.
void AddError(const absl::Status& status, bool log_all, std::vector<LogField>* fields) {
  if (status.ok() || !(log_all || IsSafeToLog(status.code()))) return;
  fields->emplace_back("error", Cut(status.message(), kMaxErrorBytes));
}

void AddKey(const PresentedKey& key, std::vector<LogField>* fields) {
  if (!key.name.empty()) fields->emplace_back("key", key.name);
  if (key.is_unknown) fields->emplace_back("unknown_key", true);
}

std::string_view VerdictName(evaluator::FeedbackVerdict verdict) {
  switch (verdict) {
    case evaluator::FeedbackVerdict::kAccepted:
      return "accepted";
    case evaluator::FeedbackVerdict::kEdited:
      return "edited";
    case evaluator::FeedbackVerdict::kRejected:
      break;
  }
  return "rejected";
}

}  // namespace

void DaemonEvents::DeclareNames() {
  std::vector<std::string> models(own_models_.begin(), own_models_.end());
  models.insert(models.end(), used_built_in_.begin(), used_built_in_.end());
  metrics_.Declare(models, content_types_);
}

void DaemonEvents::Declare(const registry::Catalog& catalog,
                           const std::vector<registry::RoutePolicy>& set) {
  const MutexLock lock(mutex_);
  own_models_.clear();
  built_in_.clear();
  for (const registry::ModelEntry& entry : catalog.models) {
    (entry.built_in ? built_in_ : own_models_).insert(entry.id);
  }
  std::erase_if(used_built_in_, [&](const std::string& id) { return !built_in_.contains(id); });
  // Prometheus sees no increase in a series that begins with its first failure.
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
  const MutexLock lock(mutex_);
  return own_models_.contains(model) || used_built_in_.contains(model);
}

void DaemonEvents::OnModel(const registry::ModelStatus& status) {
  const bool ready = status.state == registry::ModelState::kReady;
  const bool failed = status.state == registry::ModelState::kFailed;
  const std::string& id = status.entry.id;
  if (status.entry.built_in) {
    if (status.state == registry::ModelState::kNew && !IsDeclared(id)) return;
    const MutexLock lock(mutex_);
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
  const GenerationTimes& times = record.result->times;
  const TokenUsage& usage = record.result->usage;
  metrics_.RecordRequest({.model = record.model,
                          .content_type = record.content_type,
                          .route = record.rule,
                          .status = record.status.code(),
                          .duration_seconds = absl::ToDoubleSeconds(record.duration),
                          .queue_seconds = absl::ToDoubleSeconds(times.queue),
                          .prefill_seconds = absl::ToDoubleSeconds(times.prefill),
                          .first_token_seconds = absl::ToDoubleSeconds(times.first_token),
                          .per_token_seconds = absl::ToDoubleSeconds(times.per_token),
                          .token_gaps = record.token_gaps,
                          .prompt_tokens = usage.prompt_tokens,
                          .reuse_prefix = record.call->reuse_prefix,
                          .cached_tokens = usage.cached_tokens,
                          .generated_tokens = usage.completion_tokens,
                          .drafted_tokens = usage.drafted_tokens,
                          .accepted_tokens = usage.accepted_tokens,
                          .preemptions = record.preemptions,
                          .cost_dollars = record.result->cost_usd,
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
  const GenerateResult& result = *record.result;
  std::vector<LogField> fields;
  if (!record.context.method.empty()) {
    fields = {{"request_id", record.context.request_id},
              {"trace_id", record.context.trace.trace_id},
              {"method", record.context.method},
              {"peer", record.context.peer}};
    AddKey({.name = record.context.caller.name}, &fields);
  }
  fields.insert(fields.end(), {{"model", record.model},
                               {"content_type", record.content_type},
                               {"route", record.rule},
                               {"status", StatusLabel(record.status.code())},
                               {"duration_ms", absl::ToInt64Milliseconds(record.duration)}});
  if (record.status.ok()) {
    fields.insert(fields.end(),
                  {{"first_token_ms",
                    static_cast<int64_t>(absl::ToDoubleMilliseconds(result.times.first_token))},
                   {"prompt_tokens", result.usage.prompt_tokens},
                   {"cached_tokens", result.usage.cached_tokens},
                   {"completion_tokens", result.usage.completion_tokens},
                   {"finish_reason", FinishReasonName(result.finish_reason)}});
  }
  AddError(record.status, options_.log_prompts, &fields);
  if (options_.log_prompts) {
    fields.emplace_back("prompt", Cut(InputMessages(*record.call), kMaxLoggedBytes));
    if (record.status.ok()) fields.emplace_back("text", Cut(result.text, kMaxLoggedBytes));
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
                                  {"peer", record.context.peer}};
  AddKey(record.key, &fields);
  fields.insert(fields.end(), {{"status", StatusLabel(code)},
                               {"duration_ms", absl::ToInt64Milliseconds(record.duration)}});
  AddError(absl::Status(code, record.status.error_message()), options_.log_prompts, &fields);
  LogEvent(level, "call", fields);
}

void DaemonEvents::OnFeedback(const evaluator::FeedbackResult& result) {
  const evaluator::FeedbackValues& values = result.feedback.values;
  FeedbackObservation observation{.model = result.feedback.answer.model,
                                  .content_type = result.feedback.answer.content_type};
  if (result.verdict == evaluator::FeedbackChange::kAdded) {
    observation.verdict = VerdictName(*values.verdict);
  }
  if (result.rating == evaluator::FeedbackChange::kAdded) observation.rating = values.rating;
  if (result.conversion == evaluator::FeedbackChange::kAdded) {
    observation.conversion_dollars = values.conversion_usd;
  }
  metrics_.RecordFeedback(observation);
}

void DaemonEvents::OnDownloadStart() {
  const MutexLock lock(mutex_);
  metrics_.SetDownloadsRunning(++downloads_);
}

void DaemonEvents::OnDownloadEnd(const DownloadReport& report) {
  {
    const MutexLock lock(mutex_);
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
  const bool complete = report.ok() && report->failed.empty();
  metrics_.RecordCatalogReload(complete, absl::Now());
  if (!report.ok()) {
    LogEvent(spdlog::level::err, "catalog", {{"error", std::string(report.status().message())}});
    return;
  }
  LogEvent(complete ? spdlog::level::info : spdlog::level::err, "catalog",
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
    // The catalog has no candidates with their own settings.
    if (!IsDeclared(summary.model)) continue;
    // An interval from so few prompts would look like evidence.
    const evaluator::Estimate& quality = summary.quality_score;
    const bool too_few = !evaluator::TooFewPrompts(quality).empty();
    metrics_.SetEvaluationScore(summary.model, summary.content_type, quality.mean,
                                too_few ? std::nullopt : quality.ci_low,
                                too_few ? std::nullopt : quality.ci_high);
  }
}

void DaemonEvents::OnEvaluation(const evaluator::Evaluation& evaluation) {
  metrics_.RecordEvaluation(evaluator::EvaluationStateName(evaluation.state),
                            absl::ToDoubleSeconds(evaluation.finished_at - evaluation.started_at),
                            evaluation.finished_at);
  SetScores(evaluation);
  LogEvent(spdlog::level::info, "evaluation",
           {{"id", evaluation.id},
            {"state", evaluator::EvaluationStateName(evaluation.state)},
            {"samples", evaluation.finished_samples},
            {"error", evaluation.error}});
}

void DaemonEvents::OnKnownEvaluation(const evaluator::Evaluation& evaluation) {
  {
    const MutexLock lock(mutex_);
    bool added = false;
    for (const evaluator::Summary& summary : evaluation.summaries) {
      if (built_in_.contains(summary.model)) added |= used_built_in_.insert(summary.model).second;
    }
    if (added) DeclareNames();
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
  // The first attempt warns about a server that is down; retries are logged for debugging only.
  const bool warn = report.first_permanent || report.entry.attempts == 0;
  LogEvent(warn ? spdlog::level::warn : spdlog::level::debug, "mlflow",
           {{"run", run},
            {"error", std::string(report.status.message())},
            {"retry_at", absl::FormatTime(report.retry_at)}});
}

void DaemonEvents::OnSpanError(const absl::Status& status) {
  bool first = false;
  {
    const MutexLock lock(mutex_);
    first = !std::exchange(span_error_logged_, true);
  }
  // assay_trace_spans_total counts the later errors.
  LogEvent(first ? spdlog::level::warn : spdlog::level::debug, "traces",
           {{"error", Cut(status.message(), kMaxErrorBytes)}});
}

}  // namespace assay::server
