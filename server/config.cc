// The daemon's configuration.
#include "server/config.h"

#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "registry/yaml/reader.h"

namespace assay::server {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int64_t kMaxRunningLimit = 256;
constexpr int kMaxWaitingLimit = 4096;
constexpr int kMaxNewTokensLimit = 1 << 20;
constexpr int64_t kMaxPromptBytesLimit = int64_t{64} << 20;
constexpr double kLongestTimeoutSeconds = 24 * 3600;
constexpr double kHighestMoney = 1e9;

std::string Resolve(const std::filesystem::path& folder, const std::string& path) {
  return (folder / path).lexically_normal().string();
}

LimitsConfig ReadLimits(registry::YamlMap map) {
  LimitsConfig limits;
  limits.max_running =
      static_cast<int>(map.Int("max_running", limits.max_running, 1, kMaxRunningLimit));
  limits.max_waiting =
      static_cast<int>(map.Int("max_waiting", limits.max_waiting, 0, kMaxWaitingLimit));
  limits.max_prompt_bytes = map.Bytes("max_prompt_bytes", limits.max_prompt_bytes);
  if (limits.max_prompt_bytes < 1 || limits.max_prompt_bytes > kMaxPromptBytesLimit) {
    map.Error("max_prompt_bytes", "must be 1 byte to 64MiB");
  }
  limits.max_new_tokens =
      static_cast<int>(map.Int("max_new_tokens", limits.max_new_tokens, 1, kMaxNewTokensLimit));
  limits.default_max_new_tokens = static_cast<int>(map.Int(
      "default_max_new_tokens", std::min(limits.default_max_new_tokens, limits.max_new_tokens), 1,
      limits.max_new_tokens));
  limits.inference_timeout = absl::Seconds(
      map.Seconds("inference_timeout", absl::ToDoubleSeconds(limits.inference_timeout), 0.001,
                  kLongestTimeoutSeconds));
  limits.drain_timeout = absl::Seconds(map.Seconds(
      "drain_timeout", absl::ToDoubleSeconds(limits.drain_timeout), 0, kLongestTimeoutSeconds));
  return limits;
}

MlflowConfig ReadMlflow(registry::YamlMap map) {
  MlflowConfig mlflow;
  mlflow.tracking_uri = map.String("tracking_uri", "");
  mlflow.experiment = map.String("experiment", mlflow.experiment);
  return mlflow;
}

EvaluationConfig ReadEvaluation(registry::YamlMap map) {
  EvaluationConfig evaluation;
  evaluation.max_new_tokens =
      static_cast<int>(map.Int("max_new_tokens", evaluation.max_new_tokens, 1, kMaxNewTokensLimit));
  registry::YamlMap economics = map.Map("economics");
  evaluator::EconomicsInputs& inputs = evaluation.economics;
  inputs.power_watts = economics.Number("power_watts", inputs.power_watts, 0, kHighestMoney);
  inputs.electricity_usd_per_kwh =
      economics.Number("electricity_usd_per_kwh", inputs.electricity_usd_per_kwh, 0, kHighestMoney);
  inputs.api_usd_per_request =
      economics.Number("api_usd_per_request", inputs.api_usd_per_request, 0, kHighestMoney);
  inputs.value_usd_per_piece =
      economics.Number("value_usd_per_piece", inputs.value_usd_per_piece, 0, kHighestMoney);
  inputs.requests_per_day = static_cast<int>(economics.Int(
      "requests_per_day", inputs.requests_per_day, 0, std::numeric_limits<int>::max()));
  return evaluation;
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  absl::StatusOr<std::unique_ptr<registry::YamlDocument>> document =
      registry::YamlDocument::Load(path);
  if (!document.ok()) return document.status();
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::absolute(std::filesystem::path(path), error).parent_path();

  Config config;
  registry::YamlMap root = (*document)->root();
  config.listen = root.String("listen", config.listen);
  registry::YamlMap metrics = root.Map("metrics");
  config.metrics_listen = metrics.String("listen", config.metrics_listen);
  config.catalog_path = Resolve(folder, root.RequiredString("catalog"));
  config.state_dir = Resolve(folder, root.RequiredString("state_dir"));
  config.device = root.String("device", config.device);
  config.threads = static_cast<int>(root.Int("threads", config.threads, 0, kMaxThreads));
  config.memory_budget_bytes = root.Bytes("memory_budget", config.memory_budget_bytes);
  registry::YamlMap log = root.Map("log");
  config.log_level = log.Choice("level", config.log_level, {"debug", "info", "warn", "error"});
  config.log_format = log.Choice("format", config.log_format, {"text", "json"});
  config.limits = ReadLimits(root.Map("limits"));
  config.mlflow = ReadMlflow(root.Map("mlflow"));
  config.evaluation = ReadEvaluation(root.Map("evaluation"));
  if (absl::Status status = (*document)->Finish(); !status.ok()) return status;
  return config;
}

}  // namespace assay::server
