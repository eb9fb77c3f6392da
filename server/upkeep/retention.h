// Deletes evaluations that are too old, or too many.
#ifndef ASSAY_SERVER_UPKEEP_RETENTION_H_
#define ASSAY_SERVER_UPKEEP_RETENTION_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "server/upkeep/evaluation_deleter.h"

namespace assay::server {

// How long, and how much, evaluations are kept.
struct RetentionPolicy {
  // From the end of an evaluation.
  absl::Duration keep = absl::InfiniteDuration();
  // The size of the store at which new evaluations are refused. 0: no limit.
  int64_t max_bytes = 0;
  // True: the oldest evaluations are deleted before the store reaches max_bytes.
  bool delete_oldest = false;
  // True: evaluations whose results wait for the tracking server are not deleted.
  bool keep_waiting_uploads = true;
};

// Applies a policy. Evaluations on which routes rest are never deleted. Not thread-safe.
class Retention {
 public:
  // `deleter` must outlive this object.
  Retention(EvaluationDeleter* deleter, const RetentionPolicy& policy)
      : deleter_(deleter), policy_(policy) {}

  // Deletes what the policy does not keep: at the first call, every hour, and whenever the store is
  // near its limit. Other calls return an empty result within microseconds. Ends early if `context`
  // is done.
  absl::StatusOr<DeletionResult> Apply(absl::Time now, const CallContext& context);

 private:
  absl::StatusOr<bool> IsAbove(double share);
  // Deletes evaluations, the one that ended first first, until the store is small enough.
  absl::Status DeleteOldest(const CallContext& context, DeletionResult* result);

  EvaluationDeleter* const deleter_;
  const RetentionPolicy policy_;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_UPKEEP_RETENTION_H_
