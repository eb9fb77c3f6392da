// The Hub's downloads, for loads and for PullModel alike.
#ifndef ASSAY_SERVER_HUB_FETCH_H_
#define ASSAY_SERVER_HUB_FETCH_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "registry/catalog.h"
#include "registry/hub/downloader.h"
#include "registry/hub/options.h"
#include "registry/hub/progress.h"
#include "registry/loader.h"

namespace assay::server {

// Thread-safe. Options that no download can work with are told when one is asked for.
class HubFetch {
 public:
  explicit HubFetch(registry::HubOptions options);

  // As HubDownloader::Pull().
  absl::StatusOr<registry::PullResult> Pull(const registry::HubSource& source,
                                            registry::ProgressCallback progress,
                                            std::function<bool()> cancelled) const;

  // For the registry's loads; may outlive this object.
  registry::FetchFn ForLoads() const;

 private:
  std::shared_ptr<const absl::StatusOr<registry::HubDownloader>> downloader_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_HUB_FETCH_H_
