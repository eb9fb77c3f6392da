// The daemon's configuration (assayd.yaml), read and validated. docs/reference/configuration.md
// documents every key.
#ifndef ASSAY_SERVER_CONFIG_CONFIG_H_
#define ASSAY_SERVER_CONFIG_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/judging/judge_options.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/scoring/command_scorer.h"
#include "evaluator/scoring/profiles.h"
#include "evaluator/sense/sense.h"
#include "server/config/access_config.h"
#include "server/config/breaker_config.h"
#include "server/config/recording_config.h"
#include "server/tls/certificate_files.h"

namespace assay::server {

struct LimitsConfig {
  // The most requests that one model runs at the same time.
  int max_running = 16;
  // The most requests that wait in the queue of one model, in addition to the running ones.
  int max_waiting = 64;
  // A request that would wait longer for its model is refused at once. Zero: none is.
  absl::Duration max_wait = absl::Seconds(2);
  // The maximum size of a prompt or of a whole conversation in bytes.
  int64_t max_prompt_bytes = int64_t{1} << 20;
  int max_new_tokens = 4096;
  // The default of requests that do not set max_new_tokens.
  int default_max_new_tokens = 256;
  // A generation that takes longer ends with DEADLINE_EXCEEDED.
  absl::Duration inference_timeout = absl::Minutes(5);
  // The minimum time between the messages of a stream after the first. Text generated in between is
  // sent with the next message.
  absl::Duration stream_interval = absl::Milliseconds(20);
  // How long running requests may take to finish when the daemon stops or a model is unloaded.
  absl::Duration drain_timeout = absl::Seconds(30);
  // The deadline of calls whose caller sets none. Calls that show the progress of long work have
  // none.
  absl::Duration default_deadline = absl::Minutes(1);
  // A call whose reply waits longer for its reader is cancelled.
  absl::Duration write_timeout = absl::Seconds(30);
  // The most open gRPC connections: of all, and of one address other than this machine's. 0 for one
  // address means no limit.
  int max_connections = 4096;
  int max_connections_per_address = 256;
  // The most calls that one connection runs at the same time. Clients keep further ones waiting.
  int max_streams = 100;
  // The most bytes that the requests and the unread replies of all calls hold.
  int64_t max_message_bytes = int64_t{256} << 20;
};

// The memory that all resident models may use together.
struct MemoryBudget {
  // The budget in bytes, used if `share` is 0; 0 means no limit.
  int64_t bytes = 0;
  // The budget as a share of the device's memory. Overrides `bytes` if it is not 0.
  double share = 0.8;
  // The position "file:line" in the file; empty if the key is not set.
  std::string place;
};

struct ResidencyConfig {
  // How long an idle model stays resident. Catalog entries can override it.
  absl::Duration keep_alive = absl::InfiniteDuration();
  // How long a model that serves requests is protected from eviction after it was loaded.
  absl::Duration least_residency = absl::Seconds(2);
  // How a changed catalog entry of a resident model is loaded: beside the old one ("availability")
  // or after the old one is unloaded ("memory").
  std::string reload = "availability";
};

struct MlflowConfig {
  // The URL of the tracking server. Empty turns MLflow off; evaluations stay in the run store.
  std::string tracking_uri;
  // The experiment. Empty uses MLflow's environment variables, else "assay".
  std::string experiment;
};

struct TracingConfig {
  // The receiver of spans: the URL of an OTLP/HTTP receiver, or "mlflow" for the tracking server.
  // Empty uses OpenTelemetry's environment variables; without them no spans are sent.
  std::string endpoint;
  // The share of generations that are traced if the caller sends no trace context.
  double sample_ratio = 1;
  // True if spans contain prompts and generated text.
  bool content = false;
};

struct EvaluationConfig {
  // The default of requests that do not set max_new_tokens.
  int max_new_tokens = 200;
  evaluator::EconomicsInputs economics;
  // The file with the prices of hosted APIs, for plans that compare with one. Empty uses the
  // built-in table.
  std::string price_table;
  // User-defined content types and scorers, in addition to the built-in ones.
  std::vector<evaluator::ContentTypeProfile> content_types;
  std::vector<evaluator::CommandScorerOptions> scorers;
  // The catalog ids of the models that read texts for the scorer "assay". Empty: none.
  evaluator::SenseModels readers;
  // The catalog id of the model used by the scorer "judge". Empty disables that scorer.
  std::string judge;
  // The judges of pairs of texts (JudgingService).
  std::vector<evaluator::JudgeOptions> judges;
  // The most evaluations that wait, in addition to the running one.
  int max_waiting = 16;
  // The size of the store, in bytes, from which on evaluations are refused; 0 means no limit.
  int64_t max_stored = int64_t{4} << 30;
  // True if the oldest evaluations are deleted before the store is that large.
  bool delete_oldest = false;
  // How long an evaluation is kept after its end.
  absl::Duration keep = absl::InfiniteDuration();
  // The source of energy values. "auto" uses the machine's energy counters if there are any, else
  // watts x busy time; "stated" always uses watts x busy time.
  std::string energy = "auto";
};

struct RoutingConfig {
  // True if a prompt without model and content type may be classified into a content type.
  bool classify = false;
  // True if requests and evaluations with an unknown content type are refused. False if such a
  // request goes to the default model, and such a prompt is scored by the default profile.
  bool refuse_unknown = true;
  // Older evaluations give no model a route.
  absl::Duration evidence_max_age = absl::Hours(90 * 24);
};

// What is remembered for feedback on answers.
struct FeedbackConfig {
  // How long an answer can receive feedback, and the most answers that are remembered. 0 answers
  // turn feedback off.
  absl::Duration keep_requests = absl::Hours(30 * 24);
  int64_t max_requests = 1'000'000;
  // How long feedback is kept.
  absl::Duration keep_feedback = absl::Hours(365 * 24);
};

struct Config {
  // The gRPC address, host:port. Port 0 picks a free port, which is logged.
  std::string listen = "127.0.0.1:50051";
  // The address of the Prometheus endpoint, host:port. Empty disables it.
  std::string metrics_listen = "127.0.0.1:9464";
  // The address of the HTTP APIs (OpenAI), host:port. Empty disables them.
  std::string http_listen;
  // True if these addresses may be ones that other machines can reach although TLS is off or no
  // keys are required.
  bool insecure = false;
  // TLS of all ports. Without a certificate, it is off.
  CertificateFiles tls;
  AccessConfig access;
  // Absolute paths after loading.
  std::string catalog_path;
  std::string state_dir;
  std::string device = "auto";
  // The number of compute threads; 0 means one per physical core.
  int threads = 0;
  MemoryBudget memory_budget;
  ResidencyConfig residency;
  // "debug", "info", "warn", "error".
  std::string log_level = "info";
  // "text" (logfmt) or "json".
  std::string log_format = "text";
  // True if the log contains prompts and generated text.
  bool log_prompts = false;
  LimitsConfig limits;
  BreakerConfig breaker;
  MlflowConfig mlflow;
  TracingConfig tracing;
  EvaluationConfig evaluation;
  RoutingConfig routing;
  FeedbackConfig feedback;
  RecordingConfig recording;
};

// Reads and validates the file at `path`. Paths in it are relative to the file. Errors are those of
// base/yaml/reader.h: file and line, key, value and what is allowed.
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_CONFIG_H_
