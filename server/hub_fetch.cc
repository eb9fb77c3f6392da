// The Hub's downloads.
#include "server/hub_fetch.h"

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay::server {

HubFetch::HubFetch(registry::HubOptions options)
    : downloader_(std::make_shared<const absl::StatusOr<registry::HubDownloader>>(
          registry::HubDownloader::Create(std::move(options)))) {}

absl::StatusOr<registry::PullResult> HubFetch::Pull(const registry::HubSource& source,
                                                    registry::ProgressCallback progress,
                                                    std::function<bool()> cancelled) const {
  if (!downloader_->ok()) return downloader_->status();
  return (*downloader_)
      ->Pull({.repo = source.repo, .revision = source.revision, .file = source.file},
             std::move(progress), std::move(cancelled));
}

registry::FetchFn HubFetch::ForLoads() const {
  return [self = *this](const registry::HubSource& source, const registry::ProgressFn& progress,
                        const std::function<bool()>& cancelled) -> absl::Status {
    const auto report = [&progress](const registry::PullProgress& pull) {
      if (!progress || pull.bytes_total == 0) return;
      progress(
          {.stage = "downloading",
           .fraction = static_cast<double>(pull.bytes_done) / static_cast<double>(pull.bytes_total),
           .bytes_done = pull.bytes_done,
           .bytes_total = pull.bytes_total,
           .bytes_per_second = pull.bytes_per_second,
           .time_left = pull.time_left});
    };
    return self.Pull(source, report, cancelled).status();
  };
}

}  // namespace assay::server
