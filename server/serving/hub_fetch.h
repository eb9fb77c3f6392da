// The Hub's downloads, for loads and for PullModel alike.
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

// A download that ended.
struct DownloadReport {
  registry::HubSource source;
  absl::Status status;
  // Fetched, not what was there already.
  int64_t bytes = 0;
  absl::Duration duration;
};

// Thread-safe. Options that no download can work with are told when one is asked for.
class HubFetch {
 public:
  // on_start, on_end: called around each download, on its thread; null = not. What is whole in the
  // cache counts as a download of 0 bytes.
  explicit HubFetch(registry::HubOptions options, std::function<void()> on_start = nullptr,
                    std::function<void(const DownloadReport&)> on_end = nullptr);

  // As HubDownloader::Pull().
  absl::StatusOr<registry::PullResult> Pull(const registry::HubSource& source,
                                            registry::ProgressCallback progress,
                                            CallContext context) const;

  // For the registry's loads; may outlive this object.
  registry::FetchFn ForLoads() const;

 private:
  std::shared_ptr<const absl::StatusOr<registry::HubDownloader>> downloader_;
  std::function<void()> on_start_;
  std::function<void(const DownloadReport&)> on_end_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_HUB_FETCH_H_
