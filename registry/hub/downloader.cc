// Downloads models from a Hugging Face Hub to this machine.
#include "registry/hub/downloader.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "base/annotate.h"
#include "base/call_context.h"
#include "base/http/url.h"
#include "registry/hub/cache/names.h"
#include "registry/hub/pull.h"

namespace assay::registry {

absl::StatusOr<HubDownloader> HubDownloader::Create(HubOptions options) {
  if (const absl::StatusOr<http::Origin> origin = http::OriginOf(options.endpoint); !origin.ok()) {
    return Annotate(origin.status(), "HF_ENDPOINT");
  }
  // Other characters could end the header and start another one.
  if (!std::all_of(options.token.begin(), options.token.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        "HF_TOKEN: has a space or a control character; copy the token again");
  }
  if (options.cache_folder.empty()) return absl::InvalidArgumentError("cache_folder: is empty");
  options.parallel_files = std::max(options.parallel_files, 1);
  return HubDownloader(std::move(options));
}

absl::StatusOr<PullResult> HubDownloader::Pull(const PullRequest& request,
                                               ProgressCallback progress,
                                               CallContext context) const {
  for (const absl::Status& valid :
       {CheckRepoId(request.repo), CheckRevision(request.revision),
        request.file.empty() ? absl::OkStatus() : CheckFileName(request.file)}) {
    if (!valid.ok()) return valid;
  }
  return registry::Pull(options_, request, std::move(progress), std::move(context)).Run();
}

}  // namespace assay::registry
