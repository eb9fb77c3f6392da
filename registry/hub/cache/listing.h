// The files of a repository at one commit, as listed by the Hub's API.
#ifndef ASSAY_REGISTRY_HUB_CACHE_LISTING_H_
#define ASSAY_REGISTRY_HUB_CACHE_LISTING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::registry {

// A file of a repository.
struct RemoteFile {
  std::string name;
  // The size in bytes; -1 if the listing does not contain it.
  int64_t size = -1;
  // The sha256 of an LFS file or git's sha1 of another file; it also is the name of the blob in the
  // cache. Empty if the listing does not contain it.
  std::string hash;

  // True if both size and hash are known.
  bool complete() const { return size >= 0 && !hash.empty(); }
};

struct RepoListing {
  std::string commit;
  std::vector<RemoteFile> files;

  // Returns null if there is no file with the name.
  const RemoteFile* Find(std::string_view name) const;
};

// The maximum size of a file. A larger size in a reply is an error.
inline constexpr int64_t kMaxHubFileBytes = int64_t{1} << 46;

// Parses the reply to GET /api/models/{repo}/revision/{revision}?blobs=true (huggingface_hub's
// HfApi.model_info): {"sha", "siblings": [{"rfilename", "size", "blobId", "lfs": {"sha256",
// "size"}}]}. Returns DATA_LOSS with the field and its value if the reply is not JSON, the commit,
// a file name, a size or a hash is invalid, a name is duplicated, or there are over 20,000 files.
absl::StatusOr<RepoListing> ParseListing(std::string_view json);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_LISTING_H_
