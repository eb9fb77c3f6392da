// What a repository holds at one commit, as the Hub's API says.
#ifndef ASSAY_REGISTRY_HUB_CACHE_LISTING_H_
#define ASSAY_REGISTRY_HUB_CACHE_LISTING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::registry {

struct RemoteFile {
  std::string name;
  // -1: the listing does not say.
  int64_t size = -1;
  // As IsBlobHash(): sha256 of an LFS file, git's sha1 of another; empty: the listing does not say.
  // The blob in the cache is called so.
  std::string hash;

  bool complete() const { return size >= 0 && !hash.empty(); }
};

struct RepoListing {
  std::string commit;
  std::vector<RemoteFile> files;

  // Null if there is none of that name.
  const RemoteFile* Find(std::string_view name) const;
};

// Largest file taken for one, bytes.
inline constexpr int64_t kMaxHubFileBytes = int64_t{1} << 46;

// Reads the reply to GET /api/models/{repo}/revision/{revision}?blobs=true (huggingface_hub's
// HfApi.model_info): {"sha", "siblings": [{"rfilename", "size", "blobId", "lfs": {"sha256",
// "size"}}]}. DATA_LOSS names the field and its value: not JSON, not a commit, a file name that
// leads elsewhere, a size or hash that is none, a name twice, over 20,000 files.
absl::StatusOr<RepoListing> ParseListing(std::string_view json);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_LISTING_H_
