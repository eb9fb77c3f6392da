// Every Prometheus series of the daemon, under the prefix `assay_`.
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
#include "prometheus/collectable.h"

namespace assay::server {

struct BuildInfo {
  std::string version;
  std::string torch_version;
  std::string device;
};

// One finished request. Times in seconds.
struct RequestObservation {
  // Names of the catalog; anything that was not declared (empty too) is counted under "other".
  std::string_view model;
  std::string_view content_type;
  // A rule of registry::RouteDecision; anything else (a request that was never routed): "other".
  std::string_view route;
  absl::StatusCode status = absl::StatusCode::kOk;
  double duration_seconds = 0;
  // Everything below counts only where status is kOk.
  double queue_seconds = 0;
  double prefill_seconds = 0;
  double first_token_seconds = 0;
  // Mean over the tokens after the first; recorded where there are at least two tokens.
  double per_token_seconds = 0;
  int prompt_tokens = 0;
  int generated_tokens = 0;
  double cost_dollars = 0;
};

enum class UploadResult { kOk, kTransientError, kPermanentError };

// Thread-safe. Recording takes a lock for as long as it copies a pointer, then one hash look-up a
// call and atomic counters and gauges; prometheus-cpp's histograms take a mutex of their own for
// the length of one observation. Labels are bounded by what was declared: no caller can make a
// series out of request data.
class Metrics {
 public:
  explicit Metrics(const BuildInfo& build);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The label values of the catalog; again when it changes: series that are there keep their
  // values. Makes every series of these models with the value 0, except evaluation scores, which
  // appear with the first evaluation since 0 would be a score.
  void Declare(const std::vector<std::string>& models,
               const std::vector<std::string>& content_types);

  // Called at the start of every scrape, one scrape at a time, to set the gauges that are only read
  // (queues, memory, outbox). Must not scrape. Null takes it away again; once SetRefresh returned,
  // the old one is not running.
  using RefreshFn = std::function<void(Metrics*)>;
  void SetRefresh(RefreshFn refresh);

  void RecordRequest(const RequestObservation& request);
  void SetQueue(std::string_view model, int running, int waiting);

  // `state` in lower case, one for each registry::ModelState: "new", "downloading", "loading",
  // "ready", "draining", "unloaded" or "failed"; that gauge is 1 and the others 0. An unknown state
  // sets all to 0.
  void SetModelState(std::string_view model, std::string_view state);
  // `seconds` counts only where the load succeeded.
  void RecordModelLoad(std::string_view model, bool succeeded, double seconds);
  // `cause` as registry::UnloadCauseName has it; others are counted as "asked".
  void RecordModelUnload(std::string_view model, std::string_view cause);
  // `state` as server/breaker.h names it; an unknown one changes nothing.
  void SetBreaker(std::string_view model, std::string_view state);
  // Into `state`.
  void RecordBreakerTransition(std::string_view model, std::string_view state);
  void SetModelResidentBytes(std::string_view model, int64_t bytes);

  void SetProcessMemory(int64_t resident_bytes, int64_t peak_bytes);
  // `device`: one of the machine's few ("cpu", "mps", "cuda:0").
  void SetDeviceMemory(const std::string& device, int64_t bytes);

  // `state`: "succeeded", "failed" or "cancelled"; others are ignored.
  void RecordEvaluation(std::string_view state);
  void RecordEvaluationSample(std::string_view model, std::string_view content_type,
                              bool succeeded);
  // Mean of the last evaluation and its confidence interval; without one, NaN stands for its ends.
  void SetEvaluationScore(std::string_view model, std::string_view content_type, double mean,
                          std::optional<double> lower, std::optional<double> upper);

  void SetMlflowOutboxEntries(int64_t entries);
  void RecordMlflowUpload(UploadResult result);

  // What a scrape reads; for MetricsServer. Lives as long as this object.
  std::weak_ptr<prometheus::Collectable> collectable() const;
  // The Prometheus text format, after a refresh. Milliseconds.
  std::string Text() const;

 private:
  struct Series;
  struct ModelSeries;
  struct Names;
  class Scrape;

  std::shared_ptr<const Names> CurrentNames() const;

  std::unique_ptr<Series> series_;
  std::shared_ptr<Scrape> scrape_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_METRICS_H_
