// The limit on the processor time of a piece of work on this thread.
#ifndef ASSAY_BASE_WORK_LIMIT_H_
#define ASSAY_BASE_WORK_LIMIT_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/steady_time.h"

namespace assay {

// Limits what this thread does while the object exists: the processor time, and the time until the
// caller's deadline or cancellation. Loops over hostile data call Check(), wherever they are called
// from. An object that is made while another one exists on the thread has no effect, so that the
// outermost caller decides, and one limit covers all parts of a text.
//
//   const WorkLimit limit(absl::Milliseconds(400), context);
//   RETURN_IF_ERROR(EncodePrompt());  // It calls WorkLimit::Check() between its steps.
//
// Must be destroyed by the thread that made it, in reverse order.
class WorkLimit {
 public:
  // `call` must outlive this object. Sanitizers get ten times the processor time.
  WorkLimit(absl::Duration cpu, const CallContext& call);
  ~WorkLimit();

  WorkLimit(const WorkLimit&) = delete;
  WorkLimit& operator=(const WorkLimit&) = delete;

  // Returns OK if the thread has no limit or is within it. INVALID_ARGUMENT: the processor time is
  // used up. CANCELLED or DEADLINE_EXCEEDED: the call has ended. Costs some ten nanoseconds, and
  // some microseconds every five milliseconds.
  static absl::Status Check();

 private:
  absl::Status CheckClocks();

  const CallContext& call_;
  const absl::Duration cpu_;
  absl::Duration cpu_at_start_;
  SteadyTime next_check_;
};

}  // namespace assay

#endif  // ASSAY_BASE_WORK_LIMIT_H_
