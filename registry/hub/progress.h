// How far a pull has come.
#ifndef ASSAY_REGISTRY_HUB_PROGRESS_H_
#define ASSAY_REGISTRY_HUB_PROGRESS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::registry {

enum class PullStage {
  // Asking the Hub which files there are.
  kListing,
  // Another process or thread downloads the file.
  kWaiting,
  kDownloading,
  // Reading what an earlier pull left, before going on from there.
  kVerifying,
  kDone,
};

// "listing", "waiting", "downloading", "verifying", "done".
std::string_view PullStageName(PullStage stage);

struct PullProgress {
  PullStage stage = PullStage::kListing;
  // What the stage is about; one of several where files come in parallel.
  std::string file;
  // Of the whole pull, what is in the cache already included. 0 of 0 while listing.
  int64_t bytes_done = 0;
  int64_t bytes_total = 0;
  // Of bytes_done, what this pull brought from the network.
  int64_t bytes_fetched = 0;
  int files_done = 0;
  int files_total = 0;
  // Over the last five seconds, from the network alone.
  double bytes_per_second = 0;
  // InfiniteDuration() while nothing comes.
  absl::Duration time_left = absl::InfiniteDuration();
};

using ProgressCallback = std::function<void(const PullProgress&)>;

// Adds up what the files' threads report. Thread-safe; calls back from one thread at a time, at
// most ten times a second and once at the end.
class ProgressMeter {
 public:
  // `callback` may be empty.
  explicit ProgressMeter(ProgressCallback callback) : callback_(std::move(callback)) {}

  void SetTotals(int64_t bytes, int files);
  void SetStage(PullStage stage, const std::string& file);
  // Bytes that came from the network.
  void AddFetched(int64_t bytes);
  // Bytes found on the disk; negative when some turn out to be worthless.
  void AddKnown(int64_t bytes);
  void FileDone();
  // Reports if a tenth of a second has passed since the last time.
  void Tick();
  // Reports kDone in any case.
  void Finish();

  int64_t fetched() const;
  // Found on the disk and of use.
  int64_t known() const;

 private:
  void Report(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  double Rate(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ProgressCallback callback_;
  mutable absl::Mutex mutex_;
  PullProgress progress_ ABSL_GUARDED_BY(mutex_);
  absl::Time reported_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  // Time and bytes fetched at each report, the rate's window.
  std::deque<std::pair<absl::Time, int64_t>> samples_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_PROGRESS_H_
