// The steps of one pull.
#ifndef ASSAY_REGISTRY_HUB_PULL_H_
#define ASSAY_REGISTRY_HUB_PULL_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "registry/hub/cache/cache.h"
#include "registry/hub/cache/listing.h"
#include "registry/hub/client.h"
#include "registry/hub/downloader.h"
#include "registry/hub/options.h"
#include "registry/hub/progress.h"
#include "registry/hub/pull_control.h"

namespace assay::registry {

// Used once, by one thread; starts threads of its own and joins them. Contract:
// HubDownloader::Pull.
class Pull {
 public:
  // `options` outlives this; `request` has been checked.
  Pull(const HubOptions& options, PullRequest request, ProgressCallback progress,
       CallContext context);

  absl::StatusOr<PullResult> Run();

 private:
  // From the cache alone, where that is enough; NOT_FOUND where it is not.
  absl::StatusOr<PullResult> FromCache();
  absl::StatusOr<PullResult> FromHub();
  absl::StatusOr<RepoListing> Describe(HubClient* client);
  // The files to have, each with size and hash.
  absl::StatusOr<std::vector<RemoteFile>> Select(const RepoListing& listing, HubClient* client);
  absl::Status Fetch(const std::string& commit, const std::vector<RemoteFile>& files);
  // Those whose blobs are missing, each once, the largest first.
  std::vector<RemoteFile> MissingBlobs(const std::string& commit,
                                       const std::vector<RemoteFile>& files);
  absl::Status DownloadAll(const std::string& commit, const std::vector<RemoteFile>& blobs);
  absl::Status LinkAll(const std::string& commit, const std::vector<RemoteFile>& files);
  PullResult Result(const std::string& commit) const;
  std::string Name() const;

  const HubOptions& options_;
  const PullRequest request_;
  const HubCache cache_;
  ProgressMeter progress_;
  PullControl control_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_PULL_H_
