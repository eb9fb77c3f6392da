// The calls that are not finished: the memory of their messages and the time that replies wait.
#include "server/rpc/open_calls.h"

#include <algorithm>

#include "base/mutex_lock.h"
#include "base/steady_time.h"

namespace assay::server {
namespace {

constexpr absl::Duration kLongestPeriod = absl::Seconds(1);
// The watchdog looks so many times within the write timeout.
constexpr int kLooksPerTimeout = 8;

}  // namespace

void OpenCall::BeginWait() { waits_since_ns_ = absl::ToInt64Nanoseconds(SteadyNow()); }

absl::Duration OpenCall::Waited() const {
  const int64_t since = waits_since_ns_;
  return since == kNever ? absl::ZeroDuration() : SteadyNow() - absl::Nanoseconds(since);
}

OpenCalls::OpenCalls(absl::Duration write_timeout, int64_t max_bytes)
    : write_timeout_(write_timeout), max_bytes_(max_bytes), watchdog_([this] { Watch(); }) {}

OpenCalls::~OpenCalls() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    stop_.Signal();
  }
  watchdog_.join();
}

void OpenCalls::Add(OpenCall* call) {
  const MutexLock lock(mutex_);
  calls_.insert(call);
}

void OpenCalls::Remove(OpenCall* call) {
  const MutexLock lock(mutex_);
  calls_.erase(call);
}

void OpenCalls::CancelAll() {
  const MutexLock lock(mutex_);
  for (OpenCall* call : calls_) call->Cancel();
}

size_t OpenCalls::size() const {
  const MutexLock lock(mutex_);
  return calls_.size();
}

bool OpenCalls::Reserve(int64_t bytes) {
  const int64_t before = bytes_.fetch_add(bytes);
  if (before == 0 || before + bytes <= max_bytes_) return true;
  bytes_ -= bytes;
  return false;
}

void OpenCalls::Watch() {
  const absl::Duration period = std::min(kLongestPeriod, write_timeout_ / kLooksPerTimeout);
  const MutexLock lock(mutex_);
  while (!stopping_) {
    stop_.WaitWithTimeout(&mutex_, period);
    // The lock keeps the calls alive: each one removes itself before its memory is freed. gRPC
    // never runs the end of a call inside TryCancel().
    for (OpenCall* call : calls_) {
      if (call->Waited() < write_timeout_) continue;
      call->EndWait();
      call->Cancel();
    }
  }
}

}  // namespace assay::server
