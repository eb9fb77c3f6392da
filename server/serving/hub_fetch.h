// Downloads from the Hub, for loads and for PullModel.
#ifndef ASSAY_SERVER_SERVING_HUB_FETCH_H_
#define ASSAY_SERVER_SERVING_HUB_FETCH_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "registry/catalog/catalog.h"
#include "registry/hub/downloader.h"
#include "registry/hub/options.h"
#include "registry/hub/progress.h"
#include "registry/residency/loader.h"

namespace assay::server {

// A finished download.
struct DownloadReport {
  registry::HubSource source;
  absl::Status status;
  // The bytes that were fetched; files that were already in the cache do not count.
  int64_t bytes = 0;
  absl::Duration duration;
};

// Downloads repositories of the Hub into the cache and reports each download. Thread-safe. Invalid
// options are reported by Pull(), not by the constructor.
class HubFetch {
 public:
  // `on_start` and `on_end` are called before and after each download, on its thread. Both may be
  // null. A repository that is complete in the cache counts as a download of 0 bytes.
  explicit HubFetch(registry::HubOptions options, std::function<void()> on_start = nullptr,
                    std::function<void(const DownloadReport&)> on_end = nullptr);

  // Works and fails as HubDownloader::Pull().
  absl::StatusOr<registry::PullResult> Pull(const registry::HubSource& source,
                                            registry::ProgressCallback progress,
                                            CallContext context) const;

  // Returns the function with which the registry downloads. It may outlive this object.
  registry::FetchFn ForLoads() const;

 private:
  std::shared_ptr<const absl::StatusOr<registry::HubDownloader>> downloader_;
  std::function<void()> on_start_;
  std::function<void(const DownloadReport&)> on_end_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_HUB_FETCH_H_
