// The daemon's configuration: assayd.yaml, read and checked. Every key is documented in
// docs/configuration.md.
#ifndef ASSAY_SERVER_CONFIG_H_
#define ASSAY_SERVER_CONFIG_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/economics.h"

namespace assay::server {

struct LimitsConfig {
  // Requests that one model computes together.
  int max_running = 16;
  // Requests that wait for one model beside those.
  int max_waiting = 64;
  // Bytes of a prompt or of a whole conversation.
  int64_t max_prompt_bytes = int64_t{1} << 20;
  int max_new_tokens = 4096;
  // For requests that do not say.
  int default_max_new_tokens = 256;
  // A generation that takes longer ends with DEADLINE_EXCEEDED.
  absl::Duration inference_timeout = absl::Minutes(5);
  // How long running requests may take to finish when the daemon stops or a model is unloaded.
  absl::Duration drain_timeout = absl::Seconds(30);
};

struct MlflowConfig {
  // Empty = MLflow is off; evaluations stay in the run store.
  std::string tracking_uri;
  std::string experiment = "assay";
};

struct EvaluationConfig {
  // For requests that do not say.
  int max_new_tokens = 200;
  evaluator::EconomicsInputs economics;
};

struct Config {
  // host:port; port 0 = any free one, logged.
  std::string listen = "127.0.0.1:50051";
  // host:port of the Prometheus endpoint; empty = none.
  std::string metrics_listen = "127.0.0.1:9464";
  // Absolute after loading.
  std::string catalog_path;
  std::string state_dir;
  std::string device = "auto";
  // 0 = physical cores.
  int threads = 0;
  // 0 = no limit.
  int64_t memory_budget_bytes = 0;
  // "debug", "info", "warn", "error".
  std::string log_level = "info";
  // "text" (logfmt) or "json".
  std::string log_format = "text";
  LimitsConfig limits;
  MlflowConfig mlflow;
  EvaluationConfig evaluation;
};

// Paths in the file are relative to the file. Errors as in registry/yaml/reader.h: file:line, key,
// value, what is allowed.
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_H_
