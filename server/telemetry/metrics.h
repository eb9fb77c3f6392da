// Every Prometheus series of the daemon's own, under the prefix `assay_`; docs/telemetry.md lists
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
  // From each token to the next.
  absl::Span<const absl::Duration> token_gaps;
  int prompt_tokens = 0;
  // The prompt was looked for in the prefix cache.
  bool reuse_prefix = true;
  // Of them, found in the prefix cache.
  int cached_tokens = 0;
  int generated_tokens = 0;
  // Guessed, and guessed right.
  int drafted_tokens = 0;
  int accepted_tokens = 0;
  // How often it gave its place to others.
  int preemptions = 0;
  double cost_dollars = 0;
  // What the hosted API would have charged.
  double hosted_dollars = 0;
  double energy_joules = 0;
};

// What a model has at the moment of a scrape; all 0 where it is not resident.
struct ModelUse {
  int running = 0;
  int waiting = 0;
  // Of running requests in the cache of keys and values, and what it holds.
  int64_t cached_tokens = 0;
  int64_t cache_capacity_tokens = 0;
  int64_t weight_bytes = 0;
  int64_t kv_cache_bytes = 0;
  int64_t working_bytes = 0;
  // Where it is; empty = the device of the build info.
  std::string device;
};

enum class UploadResult { kOk, kTransientError, kPermanentError };

// Thread-safe. Recording takes a lock for as long as it copies a pointer, then one hash look-up a
// call and atomic counters and gauges; prometheus-cpp's histograms take a mutex of their own for
// the length of one observation. Labels are bounded by what was declared: no caller can make a
// series out of request data. What it costs is measured by bench/telemetry_bench.cc.
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
  // Methods that gRPC serves, as "package.Service/Method"; once.
  void DeclareMethods(const std::vector<std::string>& methods);

  // Called at the start of every scrape, one scrape at a time, to set the gauges that are only read
  // (queues, memory, outbox). Must not scrape. Null takes it away again; once SetRefresh returned,
  // the old one is not running.
  using RefreshFn = std::function<void(Metrics*)>;
  void SetRefresh(RefreshFn refresh);

  void RecordRequest(const RequestObservation& request);
  // Any call of gRPC's; a method that was not declared is "other".
  void RecordCall(std::string_view method, absl::StatusCode status);
  void SetModelUse(std::string_view model, const ModelUse& use);

  // `state` in lower case, one for each registry::ModelState: "new", "downloading", "loading",
  // "ready", "draining", "unloaded" or "failed"; that gauge is 1 and the others 0. An unknown state
  // sets all to 0.
  void SetModelState(std::string_view model, std::string_view state);
  // `seconds` counts only where the load succeeded.
  void RecordModelLoad(std::string_view model, bool succeeded, double seconds);
  // `cause` as registry::UnloadCauseName has it; others are counted as "asked".
  void RecordModelUnload(std::string_view model, std::string_view cause);
  // `state` as server/serving/breaker.h names it; an unknown one changes nothing.
  void SetBreaker(std::string_view model, std::string_view state);
  // Into `state`.
  void RecordBreakerTransition(std::string_view model, std::string_view state);

  void SetDownloadsRunning(int count);
  // `bytes`: fetched, also where it failed.
  void RecordDownload(bool succeeded, int64_t bytes, double seconds);
  void SetCatalogRead(absl::Time when);
  void RecordCatalogReload(bool succeeded, absl::Time when);

  // Highest resident memory of this process.
  void SetProcessPeak(int64_t bytes);
  // Counted for models, and what they may take (0 = no limit).
  void SetMemoryBudget(int64_t used_bytes, int64_t budget_bytes);
  // `device`: one of the machine's few ("cpu", "mps", "cuda:0").
  void SetDeviceMemory(const std::string& device, int64_t bytes);
  // Joules that the machine's meter has counted; `source`: one of evaluator::Energy's.
  void SetMachineEnergy(const std::string& source, double joules);

  void SetEvaluationsRunning(int count);
  // When the last evaluation before this start succeeded; the latest one counts.
  void SetLastEvaluation(absl::Time when);
  // `state`: "succeeded", "failed" or "cancelled"; others are ignored.
  void RecordEvaluation(std::string_view state, double seconds, absl::Time when);
  void RecordEvaluationSample(std::string_view model, std::string_view content_type,
                              bool succeeded);
  // Mean of the last evaluation and its confidence interval; without one, NaN stands for its ends.
  void SetEvaluationScore(std::string_view model, std::string_view content_type, double mean,
                          std::optional<double> lower, std::optional<double> upper);

  void SetMlflowOutbox(int64_t entries, double oldest_age_seconds);
  void RecordMlflowUpload(UploadResult result);
  // Since the start.
  void SetSpans(int64_t exported, int64_t dropped, int64_t failed);

  // What a scrape reads; for MetricsServer. Lives as long as this object.
  std::weak_ptr<prometheus::Collectable> collectable() const;
  // The Prometheus text format, after a refresh. Milliseconds.
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
