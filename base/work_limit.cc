// The limit on the processor time of a piece of work on this thread.
#include "base/work_limit.h"

#include <ctime>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/steady_time.h"

namespace assay {
namespace {

constexpr absl::Duration kCheckInterval = absl::Milliseconds(5);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlowness = 10;
#else
constexpr int kSlowness = 1;
#endif

thread_local WorkLimit* current = nullptr;

absl::Duration ThreadCpu() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

}  // namespace

WorkLimit::WorkLimit(absl::Duration cpu, const CallContext& call)
    : call_(call), cpu_(cpu * kSlowness) {
  if (current != nullptr) return;
  current = this;
  cpu_at_start_ = ThreadCpu();
  next_check_ = SteadyTime::Now();
}

WorkLimit::~WorkLimit() {
  if (current == this) current = nullptr;
}

absl::Status WorkLimit::Check() {
  if (current == nullptr || SteadyTime::Now() < current->next_check_) return absl::OkStatus();
  return current->CheckClocks();
}

absl::Status WorkLimit::CheckClocks() {
  if (absl::Status status = call_.Check(); !status.ok()) return status;
  if (ThreadCpu() - cpu_at_start_ > cpu_) {
    return absl::InvalidArgumentError(absl::StrCat("the text takes more than ",
                                                   absl::FormatDuration(cpu_),
                                                   " of processor time to be read; shorten it"));
  }
  next_check_ = SteadyTime::Now() + kCheckInterval;
  return absl::OkStatus();
}

}  // namespace assay
