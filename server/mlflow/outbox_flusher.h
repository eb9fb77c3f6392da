// Uploads finished evaluations from the run store to MLflow in the background.
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
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/steady_time.h"
#include "evaluator/store/run_store.h"
#include "server/mlflow/client.h"

namespace assay::server {

// The result of one attempt to upload one run.
struct UploadReport {
  evaluator::OutboxEntry entry;
  absl::Status status;
  // Set only if `status` is OK.
  UploadedRun uploaded;
  // True if the server rejected the run, which needs a change by a person.
  bool permanent = false;
  // True if this entry failed permanently for the first time in this process, which is worth a
  // warning.
  bool first_permanent = false;
  // The time of the next attempt. Set only if `status` is not OK.
  absl::Time retry_at;
};

// What the flusher did since it was started.
struct UploadCounts {
  int64_t ok = 0;
  // Attempts that failed. A run that succeeds at its third attempt counts here twice.
  int64_t failed = 0;
  // No upload is attempted before this time, because the server failed.
  SteadyTime paused_until = SteadyTime::InfinitePast();
};

struct OutboxFlusherOptions {
  // How often the outbox is checked for due entries without a Wake().
  absl::Duration poll_interval = absl::Seconds(10);
  // The wait after the n-th transient failure is initial_backoff * 2^n, at most max_backoff, times
  // a random factor of 0.5 to 1.
  absl::Duration initial_backoff = absl::Seconds(1);
  absl::Duration max_backoff = absl::Minutes(5);
  // The wait after the server rejected a run.
  absl::Duration permanent_backoff = absl::Hours(1);
  // The wait after an upload found the experiment deleted. Short, because restoring it should show
  // at once; the check costs one request.
  absl::Duration experiment_backoff = absl::Seconds(30);
  // The upper limit for a server's Retry-After.
  absl::Duration max_retry_after = absl::Hours(1);
  // Called on the flusher's thread after every attempt, for the log and metrics. May be null.
  std::function<void(const UploadReport&)> on_upload;
  // Called when the run store fails. May be null.
  std::function<void(const absl::Status&)> on_store_error;
};

// Uploads the entries of the outbox, oldest first, from a thread of its own. A server that is down
// or busy (no connection, 408, 429, 502 and above) pauses all uploads for the backoff or its
// Retry-After, and a deleted experiment for experiment_backoff; a failure of one run delays only
// that run. Uploads are idempotent
// (MlflowClient::Upload), so a crash at any point costs at most a repeated upload. Thread-safe.
class OutboxFlusher {
 public:
  // Starts the thread. Both pointers must outlive this object. `client` must not be used by anyone
  // else.
  OutboxFlusher(evaluator::RunStore* store, MlflowClient* client, OutboxFlusherOptions options);
  // Calls Stop(ZeroDuration()) if Stop() was not called.
  ~OutboxFlusher();

  // Reports that the outbox has a new entry. Returns immediately.
  void Wake();

  // Ends the pause, makes every entry due, and returns when all of them were attempted, or the
  // server failed, or when `context` is done. An upload that runs at the time of the call ends
  // first.
  void AttemptAll(const CallContext& context);

  UploadCounts Counts();

  // Tries once more to empty the outbox, for at most about `bound` (plus one second if the server
  // hangs), then ends the thread. Remaining entries wait for the next start.
  void Stop(absl::Duration bound);

 private:
  void Run();
  // Waits until there is something to do. Returns the time by which the thread must end.
  SteadyTime AwaitWork(bool more);
  enum class Next { kContinue, kServerFailed, kStoreFailed };

  // Uploads due entries, at most one batch. Returns true if there may be more.
  bool Flush();
  // Deletes duplicate runs caused by lost answers.
  void DeleteDuplicates(bool last);
  // Makes all entries due if the time of day was set back: the dates of their next attempts would
  // be far in the future.
  void CheckTimeOfDay();
  Next Upload(const evaluator::OutboxEntry& entry);
  Next Postpone(const absl::Status& failure, UploadReport* report);
  void Pause(SteadyTime until);
  absl::Duration Backoff(int attempts);
  void ReportStoreError(const absl::Status& status);

  evaluator::RunStore* const store_;
  MlflowClient* const client_;
  const OutboxFlusherOptions options_;

  absl::Mutex mutex_;
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyTime stop_by_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfiniteFuture();
  // The numbers of the last AttemptAll() that was called, begun and completed.
  int64_t requested_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t completed_ ABSL_GUARDED_BY(mutex_) = 0;
  UploadCounts counts_ ABSL_GUARDED_BY(mutex_);

  // Used only by the thread.
  absl::BitGen random_;
  // The time of day and the monotonic clock at the last check.
  absl::Time checked_date_ = absl::Now();
  SteadyTime checked_ = SteadyTime::Now();
  int server_failures_ = 0;
  absl::flat_hash_set<int64_t> rejected_;

  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_OUTBOX_FLUSHER_H_
