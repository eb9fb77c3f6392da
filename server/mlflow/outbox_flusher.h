// The thread that carries finished evaluations from the run store to MLflow.
#ifndef ASSAY_SERVER_MLFLOW_OUTBOX_FLUSHER_H_
#define ASSAY_SERVER_MLFLOW_OUTBOX_FLUSHER_H_

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evaluator/store/run_store.h"
#include "server/mlflow/client.h"

namespace assay::server {

// How one attempt to send one run went.
struct UploadReport {
  evaluator::OutboxEntry entry;
  absl::Status status;
  // Only where status is OK.
  UploadedRun uploaded;
  // The server refused the run: somebody must change something.
  bool permanent = false;
  // This entry failed permanently for the first time in this process: worth a warning.
  bool first_permanent = false;
  // When it is tried again; only where status is not OK.
  absl::Time retry_at;
};

struct OutboxFlusherOptions {
  // The longest time until an entry whose time has come is seen without a Wake().
  absl::Duration poll_interval = absl::Seconds(10);
  // Wait after the n-th transient failure: initial * 2^n, at most max, times a random 0.5 to 1.
  absl::Duration initial_backoff = absl::Seconds(1);
  absl::Duration max_backoff = absl::Minutes(5);
  // Wait after the server refused a run.
  absl::Duration permanent_backoff = absl::Hours(1);
  // The most that a server's Retry-After can ask for.
  absl::Duration max_retry_after = absl::Hours(1);
  // Called on the flusher's thread after every attempt, for log and metrics. May be null.
  std::function<void(const UploadReport&)> on_upload;
  // The run store failed. May be null.
  std::function<void(const absl::Status&)> on_store_error;
};

// Sends the outbox oldest first. A server that is down or busy (no connection, 408, 429, 502 and
// up) pauses everything for its backoff or Retry-After; a failure of one run delays that run alone.
// Uploads are idempotent (MlflowClient::Upload), so a crash at any point costs a repetition,
// nothing else. Thread-safe.
class OutboxFlusher {
 public:
  // Starts the thread. Both pointers must outlive this object; nobody else uses `client`.
  OutboxFlusher(evaluator::RunStore* store, MlflowClient* client, OutboxFlusherOptions options);
  // Stop(ZeroDuration()) where Stop was not called.
  ~OutboxFlusher();

  // Something is new in the outbox. Returns at once.
  void Wake();

  // Tries once more to empty the outbox, for at most about `bound` (plus a second where the server
  // hangs), then ends the thread. What is left waits for the next start.
  void Stop(absl::Duration bound);

 private:
  void Run();
  enum class Next { kGoOn, kServerFailed, kStoreFailed };

  // Sends what is due, up to one round. True: there may be more.
  bool Flush();
  // Copies of runs that lost answers left behind.
  void CleanUp(bool last);
  Next Send(const evaluator::OutboxEntry& entry);
  Next Postpone(const absl::Status& failure, UploadReport* report);
  absl::Duration Backoff(int attempts);
  void ReportStoreError(const absl::Status& status);

  evaluator::RunStore* const store_;
  MlflowClient* const client_;
  const OutboxFlusherOptions options_;

  absl::Mutex mutex_;
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time stop_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();

  // The thread's own.
  absl::BitGen random_;
  int server_failures_ = 0;
  absl::Time paused_until_ = absl::InfinitePast();
  absl::flat_hash_set<int64_t> refused_;

  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_OUTBOX_FLUSHER_H_
