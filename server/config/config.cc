// Reads and validates the daemon's configuration.
#include "server/config/config.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/yaml/reader.h"
#include "server/config/config_path.h"
#include "server/config/economics_config.h"
#include "server/config/judges_config.h"
#include "server/config/scoring_config.h"

namespace assay::server {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int64_t kMaxRunningLimit = 256;
constexpr int kMaxWaitingLimit = 4096;
constexpr int kMaxNewTokensLimit = 1 << 20;
constexpr int64_t kMaxPromptBytesLimit = int64_t{64} << 20;
constexpr double kMinCallSeconds = 0.1;
constexpr int kMaxConnectionsLimit = 1 << 20;
constexpr int kMaxStreamsLimit = 10'000;
constexpr int64_t kMessagesPerBudget = 8;
constexpr double kMaxTimeoutSeconds = 24 * 3600;
constexpr double kMaxKeepAliveSeconds = 365 * 24 * 3600.0;
constexpr double kMinCoolDownSeconds = 0.01;
constexpr int kMaxBreakerFailures = 1000;
constexpr double kPercent = 100;
constexpr double kMinKeepSeconds = 60;
constexpr double kMaxKeepSeconds = 10 * 365 * 24 * 3600.0;
constexpr int64_t kMinStoredBytes = int64_t{16} << 20;
constexpr int64_t kMaxRememberedLimit = 100'000'000;

void ReadCallLimits(YamlMap& map, LimitsConfig* limits) {
  limits->default_deadline =
      absl::Seconds(map.Seconds("default_deadline", absl::ToDoubleSeconds(limits->default_deadline),
                                kMinCallSeconds, kMaxTimeoutSeconds));
  limits->write_timeout =
      absl::Seconds(map.Seconds("write_timeout", absl::ToDoubleSeconds(limits->write_timeout),
                                kMinCallSeconds, kMaxTimeoutSeconds));
  limits->max_connections = static_cast<int>(
      map.Int("max_connections", limits->max_connections, 1, kMaxConnectionsLimit));
  limits->max_connections_per_address = static_cast<int>(map.Int(
      "max_connections_per_address", limits->max_connections_per_address, 0, kMaxConnectionsLimit));
  limits->max_streams =
      static_cast<int>(map.Int("max_streams", limits->max_streams, 1, kMaxStreamsLimit));
  // A request of the greatest size must fit.
  const int64_t least = kMessagesPerBudget * limits->max_prompt_bytes;
  limits->max_message_bytes =
      map.Bytes("max_message_bytes", std::max(limits->max_message_bytes, least));
  if (limits->max_message_bytes < least) {
    map.Error("max_message_bytes",
              absl::StrCat("must be at least ", kMessagesPerBudget, " times max_prompt_bytes"));
  }
}

LimitsConfig ReadLimits(YamlMap map) {
  LimitsConfig limits;
  limits.max_running =
      static_cast<int>(map.Int("max_running", limits.max_running, 1, kMaxRunningLimit));
  limits.max_waiting =
      static_cast<int>(map.Int("max_waiting", limits.max_waiting, 0, kMaxWaitingLimit));
  limits.max_wait = absl::Seconds(
      map.Seconds("max_wait", absl::ToDoubleSeconds(limits.max_wait), 0, kMaxTimeoutSeconds));
  limits.max_prompt_bytes = map.Bytes("max_prompt_bytes", limits.max_prompt_bytes);
  if (limits.max_prompt_bytes < 1 || limits.max_prompt_bytes > kMaxPromptBytesLimit) {
    map.Error("max_prompt_bytes", "must be between 1 byte and 64MiB");
  }
  limits.max_new_tokens =
      static_cast<int>(map.Int("max_new_tokens", limits.max_new_tokens, 1, kMaxNewTokensLimit));
  limits.default_max_new_tokens = static_cast<int>(map.Int(
      "default_max_new_tokens", std::min(limits.default_max_new_tokens, limits.max_new_tokens), 1,
      limits.max_new_tokens));
  limits.inference_timeout = absl::Seconds(
      map.Seconds("inference_timeout", absl::ToDoubleSeconds(limits.inference_timeout), 0.001,
                  kMaxTimeoutSeconds));
  limits.stream_interval = absl::Seconds(
      map.Seconds("stream_interval", absl::ToDoubleSeconds(limits.stream_interval), 0, 1));
  limits.drain_timeout = absl::Seconds(map.Seconds(
      "drain_timeout", absl::ToDoubleSeconds(limits.drain_timeout), 0, kMaxTimeoutSeconds));
  ReadCallLimits(map, &limits);
  return limits;
}

MemoryBudget ReadMemoryBudget(YamlMap root) {
  MemoryBudget budget;
  if (!root.Has("memory_budget")) return budget;
  budget.place = root.Location("memory_budget");
  std::string text = root.String("memory_budget", "");
  if (!text.ends_with('%')) {
    budget.bytes = root.Bytes("memory_budget", 0);
    budget.share = 0;
    return budget;
  }
  text.pop_back();
  double percent = 0;
  if (!absl::SimpleAtod(text, &percent) || !(percent > 0 && percent <= kPercent)) {
    root.Error("memory_budget", absl::StrCat("'", text, "%' must be above 0% and at most 100%"));
  }
  budget.share = percent / kPercent;
  return budget;
}

ResidencyConfig ReadResidency(YamlMap map) {
  ResidencyConfig residency;
  residency.keep_alive = absl::Seconds(map.SecondsOrForever(
      "keep_alive", absl::ToDoubleSeconds(residency.keep_alive), 0, kMaxKeepAliveSeconds));
  residency.least_residency = absl::Seconds(map.Seconds(
      "least_residency", absl::ToDoubleSeconds(residency.least_residency), 0, kMaxTimeoutSeconds));
  residency.reload = map.Choice("reload", residency.reload, {"availability", "memory"});
  return residency;
}

BreakerConfig ReadBreaker(YamlMap map) {
  BreakerConfig breaker;
  breaker.failures =
      static_cast<int>(map.Int("failures", breaker.failures, 0, kMaxBreakerFailures));
  const double cool_down = map.Seconds("cool_down", absl::ToDoubleSeconds(breaker.cool_down),
                                       kMinCoolDownSeconds, kMaxTimeoutSeconds);
  breaker.cool_down = absl::Seconds(cool_down);
  breaker.longest_cool_down = absl::Seconds(map.Seconds(
      "longest_cool_down", std::max(cool_down, absl::ToDoubleSeconds(breaker.longest_cool_down)),
      cool_down, kMaxTimeoutSeconds));
  return breaker;
}

MlflowConfig ReadMlflow(YamlMap map) {
  MlflowConfig mlflow;
  mlflow.tracking_uri = map.String("tracking_uri", "");
  mlflow.experiment = map.String("experiment", mlflow.experiment);
  return mlflow;
}

TracingConfig ReadTracing(YamlMap map) {
  TracingConfig tracing;
  tracing.endpoint = map.String("endpoint", "");
  tracing.sample_ratio = map.Number("sample_ratio", tracing.sample_ratio, 0, 1);
  tracing.content = map.Bool("content", tracing.content);
  return tracing;
}

FeedbackConfig ReadFeedback(YamlMap map) {
  FeedbackConfig feedback;
  feedback.keep_requests =
      absl::Seconds(map.Seconds("keep_requests", absl::ToDoubleSeconds(feedback.keep_requests),
                                kMinKeepSeconds, kMaxKeepSeconds));
  feedback.max_requests = map.Int("max_requests", feedback.max_requests, 0, kMaxRememberedLimit);
  feedback.keep_feedback =
      absl::Seconds(map.Seconds("keep_feedback", absl::ToDoubleSeconds(feedback.keep_feedback),
                                kMinKeepSeconds, kMaxKeepSeconds));
  return feedback;
}

void ReadRetention(YamlMap& map, EvaluationConfig* evaluation) {
  evaluation->max_waiting =
      static_cast<int>(map.Int("max_waiting", evaluation->max_waiting, 0, kMaxWaitingLimit));
  evaluation->max_stored = map.Bytes("max_stored", evaluation->max_stored);
  if (evaluation->max_stored != 0 && evaluation->max_stored < kMinStoredBytes) {
    map.Error("max_stored", "must be at least 16MiB, or 0 for no limit");
  }
  evaluation->delete_oldest =
      map.Choice("when_full", "refuse", {"refuse", "delete_oldest"}) == "delete_oldest";
  evaluation->keep = absl::Seconds(map.SecondsOrForever(
      "keep", absl::ToDoubleSeconds(evaluation->keep), kMinKeepSeconds, kMaxKeepSeconds));
}

EvaluationConfig ReadEvaluation(YamlMap map, const std::filesystem::path& folder) {
  EvaluationConfig evaluation;
  evaluation.max_new_tokens =
      static_cast<int>(map.Int("max_new_tokens", evaluation.max_new_tokens, 1, kMaxNewTokensLimit));
  ReadRetention(map, &evaluation);
  evaluation.content_types = ReadContentTypes(map);
  evaluation.scorers = ReadScorers(map);
  YamlMap readers = map.Map("readers");
  evaluation.readers.language_model = readers.String("language_model", "");
  evaluation.readers.encoder = readers.String("encoder", "");
  evaluation.judge = map.Map("judge").String("model", "");
  evaluation.judges = ReadJudges(map);
  YamlMap economics = map.Map("economics");
  evaluation.economics = ReadEconomics(economics, folder);
  evaluation.price_table = ResolvePath(folder, economics.String("price_table", ""));
  evaluation.energy = map.Choice("energy", evaluation.energy, {"auto", "stated"});
  return evaluation;
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<YamlDocument> document, YamlDocument::Load(path));
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::absolute(std::filesystem::path(path), error).parent_path();

  Config config;
  YamlMap root = document->root();
  config.listen = root.String("listen", config.listen);
  YamlMap metrics = root.Map("metrics");
  config.metrics_listen = metrics.String("listen", config.metrics_listen);
  config.http_listen = root.Map("http").String("listen", config.http_listen);
  config.insecure = root.Bool("insecure", config.insecure);
  config.catalog_path = ResolvePath(folder, root.RequiredString("catalog"));
  config.state_dir = ResolvePath(folder, root.RequiredString("state_dir"));
  config.tls = ReadTls(root, folder);
  config.access = ReadAccess(root.Map("access"), folder, config.state_dir);
  config.device = root.String("device", config.device);
  config.threads = static_cast<int>(root.Int("threads", config.threads, 0, kMaxThreads));
  config.memory_budget = ReadMemoryBudget(root);
  config.residency = ReadResidency(root.Map("residency"));
  YamlMap log = root.Map("log");
  config.log_level = log.Choice("level", config.log_level, {"debug", "info", "warn", "error"});
  config.log_format = log.Choice("format", config.log_format, {"text", "json"});
  config.log_prompts = log.Bool("prompts", config.log_prompts);
  config.limits = ReadLimits(root.Map("limits"));
  config.breaker = ReadBreaker(root.Map("breaker"));
  config.mlflow = ReadMlflow(root.Map("mlflow"));
  config.tracing = ReadTracing(root.Map("tracing"));
  config.evaluation = ReadEvaluation(root.Map("evaluation"), folder);
  YamlMap routing = root.Map("routing");
  config.routing.classify = routing.Bool("classify", config.routing.classify);
  config.routing.refuse_unknown =
      routing.Choice("unknown", "refuse", {"refuse", "default"}) == "refuse";
  config.routing.evidence_max_age = absl::Seconds(
      routing.Seconds("evidence_max_age", absl::ToDoubleSeconds(config.routing.evidence_max_age),
                      kMinKeepSeconds, kMaxKeepSeconds));
  config.feedback = ReadFeedback(root.Map("feedback"));
  config.recording = ReadRecording(root.Map("recording"));
  RETURN_IF_ERROR(document->Finish());
  return config;
}

}  // namespace assay::server
