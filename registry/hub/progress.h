// The progress of a pull.
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
#include "base/steady_time.h"

namespace assay::registry {

// The stages of a pull.
enum class PullStage {
  // The list of files is being requested from the Hub.
  kListing,
  // Another process or thread is downloading the file.
  kWaiting,
  kDownloading,
  // The bytes of an earlier pull are being hashed before the download continues.
  kVerifying,
  kDone,
};

// Returns "listing", "waiting", "downloading", "verifying" or "done".
std::string_view PullStageName(PullStage stage);

// A progress report.
struct PullProgress {
  PullStage stage = PullStage::kListing;
  // The file of the stage; one of them if several files are downloaded in parallel.
  std::string file;
  // The bytes of the whole pull, including those that were in the cache. Both are 0 while listing.
  int64_t bytes_done = 0;
  int64_t bytes_total = 0;
  // The part of `bytes_done` that this pull has downloaded.
  int64_t bytes_fetched = 0;
  int files_done = 0;
  int files_total = 0;
  // The download rate of the last five seconds.
  double bytes_per_second = 0;
  // InfiniteDuration() while no bytes arrive.
  absl::Duration time_left = absl::InfiniteDuration();
};

using ProgressCallback = std::function<void(const PullProgress&)>;

// Adds up the progress of all files of a pull. Thread-safe. Calls the callback one call at a time,
// at most ten times a second, and once at the end.
class ProgressMeter {
 public:
  // `callback` may be null.
  explicit ProgressMeter(ProgressCallback callback) : callback_(std::move(callback)) {}

  void SetTotals(int64_t bytes, int files);
  void SetStage(PullStage stage, const std::string& file);
  // Adds bytes from the network.
  void AddFetched(int64_t bytes);
  // Adds bytes that were on the disk. Negative if bytes have to be discarded.
  void AddKnown(int64_t bytes);
  void FileDone();
  // Calls the callback if the last call was at least a tenth of a second ago.
  void Tick();
  // Calls the callback with kDone.
  void Finish();

  int64_t fetched() const;
  // The bytes that were on the disk and are used.
  int64_t known() const;

 private:
  void Report(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  double Rate(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ProgressCallback callback_;
  mutable absl::Mutex mutex_;
  PullProgress progress_ ABSL_GUARDED_BY(mutex_);
  SteadyTime reported_at_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfinitePast();
  // The time and the downloaded bytes at each report within the window of the rate.
  std::deque<std::pair<SteadyTime, int64_t>> samples_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_PROGRESS_H_
