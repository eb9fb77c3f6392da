// What happens in the daemon, told to metrics, log and traces.
#ifndef ASSAY_SERVER_EVENTS_DAEMON_EVENTS_H_
#define ASSAY_SERVER_EVENTS_DAEMON_EVENTS_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "evaluator/records/evaluation.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"
#include "registry/residency/manager.h"
#include "server/mlflow/outbox_flusher.h"
#include "server/rpc/access_log.h"
#include "server/serving/breaker.h"
#include "server/serving/generation.h"
#include "server/serving/hub_fetch.h"
#include "server/serving/model_breakers.h"
#include "server/telemetry/metrics.h"
#include "server/tracing/span_exporter.h"

namespace assay::server {

// Thread-safe. Nothing blocks longer than a log line takes. Prompts and texts are not told unless
// the options say so; neither are error messages of what a caller did wrong, which may quote them.
class DaemonEvents {
 public:
  struct Options {
    // Prompts and texts of requests in the log, and in spans.
    bool log_prompts = false;
    bool trace_content = false;
  };

  DaemonEvents(const BuildInfo& build, Options options) : options_(options), metrics_(build) {}

  Metrics& metrics() { return metrics_; }
  // Where sampled traces go; before the first request.
  void SetExporter(SpanExporter* exporter) { exporter_ = exporter; }

  // Names that become labels: models of the user's own, and built-in ones that are the default or
  // in a route, from the start, other built-in ones from their first use or their evaluation that
  // is known; content types of routes and of the built-in prompts.
  void Declare(const registry::Catalog& catalog, const std::vector<registry::RoutePolicy>& set)
      ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsDeclared(const std::string& model) const ABSL_LOCKS_EXCLUDED(mutex_);

  void OnModel(const registry::ModelStatus& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnBreaker(const std::string& model, const BreakerStatus& now);
  void OnRequest(const RequestRecord& record);
  void OnCall(const CallRecord& record);
  void OnDownloadStart();
  void OnDownloadEnd(const DownloadReport& report);
  void OnReload(const absl::StatusOr<registry::ReloadReport>& report);
  void OnSample(const evaluator::Sample& sample);
  void OnEvaluation(const evaluator::Evaluation& evaluation);
  // An evaluation that ended before this start: its scores are the last ones known.
  void OnKnownEvaluation(const evaluator::Evaluation& evaluation);
  void OnUpload(const UploadReport& report);
  void OnSpanError(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void SetScores(const evaluator::Evaluation& evaluation);
  void DeclareNames() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LogRequest(const RequestRecord& record) const;

  const Options options_;
  Metrics metrics_;
  SpanExporter* exporter_ = nullptr;
  mutable absl::Mutex mutex_;
  std::set<std::string> own_models_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> built_in_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> used_built_in_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> content_types_ ABSL_GUARDED_BY(mutex_);
  int downloads_ ABSL_GUARDED_BY(mutex_) = 0;
  bool span_error_told_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_EVENTS_DAEMON_EVENTS_H_
