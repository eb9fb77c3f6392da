// Looks after the store of evaluations in the background.
#ifndef ASSAY_SERVER_UPKEEP_EVALUATION_UPKEEP_H_
#define ASSAY_SERVER_UPKEEP_EVALUATION_UPKEEP_H_

#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "server/upkeep/evaluation_deleter.h"
#include "server/upkeep/retention.h"

namespace assay::server {

// Knows whether evaluations can be recorded: that is, whether the disk has room and the evaluations
// that the last stop interrupted continue. While they cannot, tries again. Besides, applies the
// retention and gives the space of deleted evaluations back. Works on a thread of its own.
// Thread-safe.
class EvaluationUpkeep {
 public:
  struct Options {
    // The folder of the store.
    std::string folder;
    RetentionPolicy policy;
    // How often the room on the disk and the size of the store are looked at, and how often if
    // nothing can be recorded.
    absl::Duration interval = absl::Seconds(5);
    absl::Duration retry_interval = absl::Seconds(2);
    // Reads the store and continues interrupted evaluations. Called until it succeeds once.
    std::function<absl::Status()> resume;
    // Writes results that the disk had no room for, if there are any.
    std::function<absl::Status()> record_kept;
    // Called at every look. May be null.
    std::function<void()> on_look;
    // Called when evaluations cannot be recorded, with the reason, and with OK when they can again.
    // May be null.
    std::function<void(const absl::Status&)> on_change;
    // Called on the thread after evaluations were deleted, and if the store fails. May be null.
    std::function<void(const DeletionResult&)> on_deleted;
    std::function<void(const absl::Status&)> on_error;
  };

  // `deleter` must outlive this object.
  EvaluationUpkeep(EvaluationDeleter* deleter, Options options);
  // Ends the thread after its present step.
  ~EvaluationUpkeep();
  EvaluationUpkeep(const EvaluationUpkeep&) = delete;
  EvaluationUpkeep& operator=(const EvaluationUpkeep&) = delete;

  // Looks at the disk, resumes, and starts the thread. The routes must be in force already, so that
  // no evaluation on which one rests is deleted. A full disk is no error; other errors of
  // Options::resume are returned.
  absl::Status Start();

  // Returns RESOURCE_EXHAUSTED, with the folder and the free bytes, if no evaluation can be
  // recorded now. Takes microseconds.
  absl::Status CanRecord() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Reports that a deletion left space to give back.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);
  // Reports that the disk had no room for a write.
  void ReportFull(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns OK if evaluations can be recorded.
  absl::Status Look();
  void SetState(const absl::Status& state) ABSL_LOCKS_EXCLUDED(mutex_);
  bool Stopping() const ABSL_LOCKS_EXCLUDED(mutex_);
  void ApplyRetention();
  // Gives space back if a deletion left some, and at the start; also if there is much.
  void Purge();
  void Report(const absl::Status& status);

  EvaluationDeleter* const deleter_;
  const Options options_;
  const CallContext context_;
  // Used by Start(), then by the thread only.
  Retention retention_;
  bool purge_ = true;
  bool resumed_ = false;
  mutable absl::Mutex mutex_;
  absl::Status state_ ABSL_GUARDED_BY(mutex_);
  bool awake_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Must be the last member, because the thread uses the others.
  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_UPKEEP_EVALUATION_UPKEEP_H_
