// Fans daemon events out to metrics, the log and traces.
#ifndef ASSAY_SERVER_EVENTS_DAEMON_EVENTS_H_
#define ASSAY_SERVER_EVENTS_DAEMON_EVENTS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/feedback.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"
#include "registry/residency/manager.h"
#include "server/mlflow/outbox_flusher.h"
#include "server/rpc/access_log.h"
#include "server/serving/hub_fetch.h"
#include "server/serving/model_breakers.h"
#include "server/serving/request_record.h"
#include "server/telemetry/metrics.h"
#include "server/tracing/span_exporter.h"

namespace assay::server {

// Receives every event of the daemon; owns the metrics. Thread-safe. No call blocks longer than a
// log line takes. Without the options below neither prompts and texts nor messages of
// INVALID_ARGUMENT and OUT_OF_RANGE, which may quote them, are logged or exported.
class DaemonEvents {
 public:
  struct Options {
    // Prompts and texts of requests are logged.
    bool log_prompts = false;
    // Prompts and texts of requests are part of spans.
    bool trace_content = false;
  };

  DaemonEvents(const BuildInfo& build, Options options) : options_(options), metrics_(build) {}

  Metrics& metrics() { return metrics_; }
  // Sets where sampled traces go. Must be called before the first request.
  void SetExporter(SpanExporter* exporter) { exporter_ = exporter; }

  // Sets the names that may become labels. Models of the user's own catalog, and built-in models
  // that are the default or part of a route, are declared at once; other built-in models with their
  // first use or known evaluation. Content types are those of routes and of the built-in prompts.
  // `set` has the routes that SetRoutes changed.
  void Declare(const registry::Catalog& catalog, const std::vector<registry::RoutePolicy>& set)
      ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsDeclared(const std::string& model) const ABSL_LOCKS_EXCLUDED(mutex_);

  void OnModel(const registry::ModelStatus& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnBreaker(const std::string& model, const BreakerStatus& now);
  void OnRequest(const RequestRecord& record);
  void OnCall(const CallRecord& record);
  // Called for every change of feedback.
  void OnFeedback(const evaluator::FeedbackResult& result);
  void OnDownloadStart();
  void OnDownloadEnd(const DownloadReport& report);
  void OnReload(const absl::StatusOr<registry::ReloadReport>& report);
  void OnSample(const evaluator::Sample& sample);
  void OnEvaluation(const evaluator::Evaluation& evaluation);
  // Called for an evaluation that ended before this start. Its scores are the last known ones.
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
  bool span_error_logged_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_EVENTS_DAEMON_EVENTS_H_
