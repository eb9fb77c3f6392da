// Downloads from the Hub.
#include "server/serving/hub_fetch.h"

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/steady_time.h"

namespace assay::server {

HubFetch::HubFetch(registry::HubOptions options, std::function<void()> on_start,
                   std::function<void(const DownloadReport&)> on_end)
    : downloader_(std::make_shared<const absl::StatusOr<registry::HubDownloader>>(
          registry::HubDownloader::Create(std::move(options)))),
      on_start_(std::move(on_start)),
      on_end_(std::move(on_end)) {}

absl::StatusOr<registry::PullResult> HubFetch::Pull(const registry::HubSource& source,
                                                    registry::ProgressCallback progress,
                                                    CallContext context) const {
  if (!downloader_->ok()) return downloader_->status();
  if (on_start_) on_start_();
  const SteadyTime start = SteadyTime::Now();
  int64_t fetched = 0;
  const auto watch = [&](const registry::PullProgress& pull) {
    fetched = pull.bytes_fetched;
    if (progress) progress(pull);
  };
  absl::StatusOr<registry::PullResult> pulled =
      (*downloader_)
          ->Pull({.repo = source.repo, .revision = source.revision, .file = source.file}, watch,
                 std::move(context));
  if (on_end_) {
    on_end_({.source = source,
             .status = pulled.status(),
             .bytes = pulled.ok() ? pulled->bytes_fetched : fetched,
             .duration = SteadyTime::Now() - start});
  }
  return pulled;
}

registry::FetchFn HubFetch::ForLoads() const {
  return [self = *this](const registry::HubSource& source, const registry::ProgressFn& progress,
                        const CallContext& context) -> absl::Status {
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
    return self.Pull(source, report, context).status();
  };
}

}  // namespace assay::server
