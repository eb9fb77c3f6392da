// The implementation of HubDownloader::Pull().
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

// Executes one pull, with the contract of HubDownloader::Pull(). Run() must be called once. Not
// thread-safe; starts and joins its own threads.
class Pull {
 public:
  // `options` must outlive the pull, and `request` must have been checked.
  Pull(const HubOptions& options, PullRequest request, ProgressCallback progress,
       CallContext context);

  absl::StatusOr<PullResult> Run();

 private:
  // Returns the result from the cache, without the Hub. FAILED_PRECONDITION if the cache does not
  // have everything.
  absl::StatusOr<PullResult> FromCache();
  // Downloads what the cache does not have.
  absl::StatusOr<PullResult> FromHub();
  absl::StatusOr<RepoListing> Describe(HubClient* client);
  // Returns the required files, each with size and hash.
  absl::StatusOr<std::vector<RemoteFile>> Select(const RepoListing& listing, HubClient* client);
  absl::Status Fetch(const std::string& commit, const std::vector<RemoteFile>& files);
  // Returns the files without a blob, largest first. Files with the same blob are returned once.
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
