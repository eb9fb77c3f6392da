// The progress of a pull.
#include "registry/hub/progress.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"

namespace assay::registry {
namespace {

constexpr absl::Duration kReportInterval = absl::Milliseconds(100);
constexpr absl::Duration kRateWindow = absl::Seconds(5);

}  // namespace

std::string_view PullStageName(PullStage stage) {
  switch (stage) {
    case PullStage::kListing:
      return "listing";
    case PullStage::kWaiting:
      return "waiting";
    case PullStage::kDownloading:
      return "downloading";
    case PullStage::kVerifying:
      return "verifying";
    case PullStage::kDone:
      return "done";
  }
  return "";
}

void ProgressMeter::SetTotals(int64_t bytes, int files) {
  const MutexLock lock(mutex_);
  progress_.bytes_total = bytes;
  progress_.files_total = files;
}

void ProgressMeter::SetStage(PullStage stage, const std::string& file) {
  {
    const MutexLock lock(mutex_);
    progress_.stage = stage;
    progress_.file = file;
  }
  Tick();
}

void ProgressMeter::AddFetched(int64_t bytes) {
  {
    const MutexLock lock(mutex_);
    progress_.bytes_fetched += bytes;
    progress_.bytes_done += bytes;
  }
  Tick();
}

void ProgressMeter::AddKnown(int64_t bytes) {
  const MutexLock lock(mutex_);
  progress_.bytes_done += bytes;
}

void ProgressMeter::FileDone() {
  const MutexLock lock(mutex_);
  ++progress_.files_done;
}

void ProgressMeter::Tick() {
  const MutexLock lock(mutex_);
  const SteadyTime now = SteadyTime::Now();
  if (now - reported_at_ >= kReportInterval) Report(now);
}

void ProgressMeter::Finish() {
  const MutexLock lock(mutex_);
  progress_.stage = PullStage::kDone;
  progress_.file.clear();
  Report(SteadyTime::Now());
}

int64_t ProgressMeter::fetched() const {
  const MutexLock lock(mutex_);
  return progress_.bytes_fetched;
}

int64_t ProgressMeter::known() const {
  const MutexLock lock(mutex_);
  return std::max<int64_t>(0, progress_.bytes_done - progress_.bytes_fetched);
}

double ProgressMeter::Rate(SteadyTime now) {
  samples_.emplace_back(now, progress_.bytes_fetched);
  while (samples_.size() > 2 && now - samples_.front().first > kRateWindow) samples_.pop_front();
  const double seconds = absl::ToDoubleSeconds(now - samples_.front().first);
  return seconds > 0
             ? static_cast<double>(progress_.bytes_fetched - samples_.front().second) / seconds
             : 0;
}

void ProgressMeter::Report(SteadyTime now) {
  reported_at_ = now;
  if (!callback_) return;
  progress_.bytes_per_second = Rate(now);
  const auto bytes_left = static_cast<double>(progress_.bytes_total - progress_.bytes_done);
  progress_.time_left = progress_.stage == PullStage::kDone ? absl::ZeroDuration()
                        : progress_.bytes_per_second > 0
                            ? absl::Seconds(bytes_left / progress_.bytes_per_second)
                            : absl::InfiniteDuration();
  // Called under the lock, so that reports stay in order.
  callback_(progress_);
}

}  // namespace assay::registry
