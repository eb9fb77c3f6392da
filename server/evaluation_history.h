// What the daemon takes from earlier evaluations: evidence for routes, and scores for metrics.
#ifndef ASSAY_SERVER_EVALUATION_HISTORY_H_
#define ASSAY_SERVER_EVALUATION_HISTORY_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "evaluator/store/run_store.h"
#include "server/events/daemon_events.h"
#include "server/routing/route_evidence.h"

namespace assay::server {

// Reads the store into memory. Thread-safe.
class EvaluationHistory {
 public:
  // Both must outlive this object.
  EvaluationHistory(RouteEvidence* evidence, DaemonEvents* events)
      : evidence_(evidence), events_(events) {}

  // Reads evidence and scores. Returns the store's error.
  absl::Status Read(evaluator::RunStore& store) ABSL_LOCKS_EXCLUDED(mutex_);

  // Reads the evidence while the disk is full. If `store` cannot be opened for that reason, reads
  // its file at `path` as the last daemon left it. Logs what prevents both.
  void ReadOnFullDisk(evaluator::RunStore& store, const std::string& path)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  RouteEvidence* const evidence_;
  DaemonEvents* const events_;
  // Held while the evidence is replaced, which two threads may do after a start on a full disk.
  absl::Mutex mutex_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_EVALUATION_HISTORY_H_
