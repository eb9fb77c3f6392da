// The daemon's own Prometheus metrics, all prefixed `assay_`. docs/reference/telemetry.md lists
// them.
#ifndef ASSAY_SERVER_TELEMETRY_METRICS_H_
#define ASSAY_SERVER_TELEMETRY_METRICS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "prometheus/collectable.h"

namespace assay::server {

struct BuildInfo {
  std::string version;
  std::string torch_version;
  std::string device;
};

// One finished request. Times are in seconds.
struct RequestObservation {
  // Names from the catalog. A name that was not declared, including an empty one, is counted under
  // "other".
  std::string_view model;
  std::string_view content_type;
  // A rule of registry::RouteDecision. Any other value is counted under "other", for example that
  // of a request that was never routed.
  std::string_view route;
  absl::StatusCode status = absl::StatusCode::kOk;
  double duration_seconds = 0;
  // The fields below are recorded only if `status` is kOk.
  double queue_seconds = 0;
  double prefill_seconds = 0;
  double first_token_seconds = 0;
  // The mean over the tokens after the first; recorded if there are at least two tokens.
  double per_token_seconds = 0;
  // The time from each token to the next. Accepted draft tokens arrive with the token before them.
  absl::Span<const absl::Duration> token_gaps;
  int prompt_tokens = 0;
  // True if the prompt was looked up in the prefix cache.
  bool reuse_prefix = true;
  // The number of prompt tokens found in the prefix cache.
  int cached_tokens = 0;
  int generated_tokens = 0;
  // Draft tokens that were verified, and those of them that were accepted.
  int drafted_tokens = 0;
  int accepted_tokens = 0;
  // The number of times the request was preempted to free KV cache.
  int preemptions = 0;
  double cost_dollars = 0;
  // The price that the hosted API would have charged.
  double hosted_dollars = 0;
  double energy_joules = 0;
};

// The load and memory of one model at the time of a scrape. All fields are 0 if it is not resident.
struct ModelUse {
  int running = 0;
  int waiting = 0;
  // How long a request would wait that came after all others.
  absl::Duration expected_wait;
  // The KV cache tokens held by running requests, and the capacity of the KV cache.
  int64_t cached_tokens = 0;
  int64_t cache_capacity_tokens = 0;
  int64_t weight_bytes = 0;
  int64_t kv_cache_bytes = 0;
  int64_t working_bytes = 0;
  // The device that holds the model; empty means the device of BuildInfo.
  std::string device;
};

// The first feedback of each kind on one answer. Fields that were not given, or that only changed,
// are absent.
struct FeedbackObservation {
  // As in RequestObservation.
  std::string_view model;
  std::string_view content_type;
  // "accepted", "edited" or "rejected". Empty: no verdict.
  std::string_view verdict;
  std::optional<double> rating;
  std::optional<double> conversion_dollars;
};

enum class UploadResult { kOk, kTransientError, kPermanentError };

// Records what happens in the daemon as Prometheus metrics. Thread-safe.
//
// Recording is cheap: it locks a mutex while it copies one pointer, then does one hash look-up per
// call and updates atomic counters and gauges. prometheus-cpp's histograms lock their own mutex for
// each observation. bench/telemetry_bench.cc measures the cost. Label values are bounded by what
// was declared, so request data can never create a series.
class Metrics {
 public:
  explicit Metrics(const BuildInfo& build);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Declares the label values of the catalog. Must be called again when the catalog changes;
  // existing series keep their values. Creates every series of these models with the value 0,
  // except evaluation scores: they appear with the first evaluation, because 0 would be a score.
  void Declare(const std::vector<std::string>& models,
               const std::vector<std::string>& content_types);
  // Declares the methods that gRPC serves, as "package.Service/Method". Must be called once.
  void DeclareMethods(const std::vector<std::string>& methods);

  // Sets the function that is called at the start of every scrape to update the gauges that are
  // only read (queues, memory, outbox). Calls never overlap. The function must not scrape. Null
  // removes it. When SetRefresh() returns, the previous function is no longer running.
  using RefreshFn = std::function<void(Metrics*)>;
  void SetRefresh(RefreshFn refresh);

  void RecordRequest(const RequestObservation& request);
  void RecordFeedback(const FeedbackObservation& feedback);
  // The answers that were dropped since the start of the process, so that feedback on them is not
  // possible.
  void SetForgottenAnswers(int64_t answers);
  // The prompts that were recorded, and that were dropped instead, since the start of the process.
  void SetRecordedPrompts(int64_t recorded, int64_t dropped);
  // Records any finished gRPC call. A method that was not declared is counted under "other".
  void RecordCall(std::string_view method, absl::StatusCode status);
  void SetModelUse(std::string_view model, const ModelUse& use);

  // Sets the gauge of `state` to 1 and those of the other states to 0. `state` is the lower-case
  // name of a registry::ModelState: "new", "downloading", "loading", "ready", "draining",
  // "unloaded" or "failed". An unknown state sets all of them to 0.
  void SetModelState(std::string_view model, std::string_view state);
  // `seconds` is recorded only if the load succeeded.
  void RecordModelLoad(std::string_view model, bool succeeded, double seconds);
  // `cause` is a name of registry::UnloadCauseName; any other value is counted as "asked".
  void RecordModelUnload(std::string_view model, std::string_view cause);
  // `state` is a state name of server/serving/breaker.h; an unknown one changes nothing.
  void SetBreaker(std::string_view model, std::string_view state);
  // Counts a transition of the circuit breaker to `state`.
  void RecordBreakerTransition(std::string_view model, std::string_view state);

  void SetDownloadsRunning(int count);
  // `bytes` is what was downloaded, including by a failed download.
  void RecordDownload(bool succeeded, int64_t bytes, double seconds);
  void SetCatalogRead(absl::Time when);
  void RecordCatalogReload(bool succeeded, absl::Time when);

  // When the certificate of all ports expires.
  void SetCertificateExpiry(absl::Time when);

  // The peak resident memory of this process.
  void SetProcessPeak(int64_t bytes);
  // The memory counted for models and the most they may use together (0 means no limit).
  void SetMemoryBudget(int64_t used_bytes, int64_t budget_bytes);
  // `device` is one of the machine's devices: "cpu", "mps", "cuda:0".
  void SetDeviceMemory(const std::string& device, int64_t bytes);
  // The joules that the machine's meter has counted. `source` is a source of evaluator::Energy.
  void SetMachineEnergy(const std::string& source, double joules);

  void SetEvaluationsRunning(int count);
  // The time at which the last evaluation succeeded, possibly before this process started. The
  // latest time wins.
  void SetLastEvaluation(absl::Time when);
  // `state` is "succeeded", "failed" or "cancelled"; any other value is ignored.
  void RecordEvaluation(std::string_view state, double seconds, absl::Time when);
  void RecordEvaluationSample(std::string_view model, std::string_view content_type,
                              bool succeeded);
  // The mean of the last evaluation and its confidence interval. Without an interval both bounds
  // are NaN.
  void SetEvaluationScore(std::string_view model, std::string_view content_type, double mean,
                          std::optional<double> lower, std::optional<double> upper);

  void SetMlflowOutbox(int64_t entries, double oldest_age_seconds);
  void RecordMlflowUpload(UploadResult result);
  // Totals since the start of the process.
  void SetSpans(int64_t exported, int64_t dropped, int64_t failed);

  // Returns what a scrape reads, for MetricsServer. Valid as long as this object.
  std::weak_ptr<prometheus::Collectable> collectable() const;
  // Refreshes the gauges and returns all metrics in the Prometheus text format. Takes milliseconds.
  std::string Text() const;

 private:
  struct Names;
  struct State;
  class Scrape;

  std::shared_ptr<const Names> CurrentNames() const;

  const std::unique_ptr<State> state_;
  const std::shared_ptr<Scrape> scrape_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_METRICS_H_
