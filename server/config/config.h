// The daemon's configuration: assayd.yaml, read and checked. Every key is documented in
// docs/configuration.md.
#ifndef ASSAY_SERVER_CONFIG_CONFIG_H_
#define ASSAY_SERVER_CONFIG_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/scoring/command_scorer.h"
#include "evaluator/scoring/profiles.h"
#include "server/config/breaker_config.h"

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
  // How far apart the messages of a stream are, but for the first; text that comes meanwhile goes
  // with the next.
  absl::Duration stream_interval = absl::Milliseconds(20);
  // How long running requests may take to finish when the daemon stops or a model is unloaded.
  absl::Duration drain_timeout = absl::Seconds(30);
};

// What all resident models may take together.
struct MemoryBudget {
  // 0 = no limit, where `share` is 0 too.
  int64_t bytes = 0;
  // Of the device's memory; wins if it is not 0.
  double share = 0.8;
  // "file:line"; empty where the file does not say.
  std::string place;
};

struct ResidencyConfig {
  // An idle model is unloaded after so long; entries of the catalog may say otherwise.
  absl::Duration keep_alive = absl::InfiniteDuration();
  // A model that serves is not asked to make room before it was resident for so long.
  absl::Duration least_residency = absl::Seconds(2);
  // A changed entry of a resident model: loaded beside it ("availability"), or after it is unloaded
  // ("memory").
  std::string reload = "availability";
};

struct MlflowConfig {
  // Empty = MLflow is off; evaluations stay in the run store.
  std::string tracking_uri;
  // Empty = MLflow's own variables, else "assay".
  std::string experiment;
};

struct TracingConfig {
  // Where spans go: the URL of an OTLP receiver over HTTP, "mlflow" = the tracking server; empty =
  // OpenTelemetry's own variables, else nowhere.
  std::string endpoint;
  // Of generations without a trace of their caller's.
  double sample_ratio = 1;
  // Prompts and texts in the spans.
  bool content = false;
};

struct EvaluationConfig {
  // For requests that do not say.
  int max_new_tokens = 200;
  evaluator::EconomicsInputs economics;
  // The file of hosted APIs' prices, for plans that compare with one; empty = the built-in one.
  std::string price_table;
  // Of the user's own, beside the built-in ones.
  std::vector<evaluator::ContentTypeProfile> content_types;
  std::vector<evaluator::CommandScorerOptions> scorers;
  // Catalog id of the model that the scorer "judge" asks; empty = there is no such scorer.
  std::string judge;
  // "auto": what the machine's counters say, else watts x busy time; "stated": always the latter.
  std::string energy = "auto";
};

struct RoutingConfig {
  // Prompts that come with neither model nor content type may be given a content type.
  bool classify = false;
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
  MemoryBudget memory_budget;
  ResidencyConfig residency;
  // "debug", "info", "warn", "error".
  std::string log_level = "info";
  // "text" (logfmt) or "json".
  std::string log_format = "text";
  // Prompts and generated texts in the log.
  bool log_prompts = false;
  LimitsConfig limits;
  BreakerConfig breaker;
  MlflowConfig mlflow;
  TracingConfig tracing;
  EvaluationConfig evaluation;
  RoutingConfig routing;
};

// Paths in the file are relative to the file. Errors as in base/yaml/reader.h: file:line, key,
// value, what is allowed.
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_CONFIG_H_
