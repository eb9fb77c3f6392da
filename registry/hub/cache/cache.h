// One repository's part of the cache that huggingface_hub reads and writes.
#ifndef ASSAY_REGISTRY_HUB_CACHE_CACHE_H_
#define ASSAY_REGISTRY_HUB_CACHE_CACHE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/hub/cache/listing.h"

namespace assay::registry {

// The layout (huggingface_hub 2.4, file_download.py; docs/hub/local-cache):
//
//   CACHEDIR.TAG
//   .locks/models--org--name/<hash>.lock     held while blobs/<hash> is made
//   models--org--name/
//     blobs/<hash>                           a file's content; .incomplete while it is downloaded
//     snapshots/<commit>/<file>              -> ../../blobs/<hash>
//     refs/<revision>                        the commit, 40 digits
//
// Every name must have passed names.h. Every change is one rename or link, so that readers and a
// process killed in between see the state before or after. Thread-safe. Errors: of the file system,
// with the path.
class HubCache {
 public:
  HubCache(const std::string& cache_folder, const std::string& repo);

  const std::string& folder() const { return folder_; }
  std::string BlobPath(const std::string& hash) const;
  std::string IncompletePath(const std::string& hash) const;
  std::string LockPath(const std::string& hash) const;
  std::string SnapshotFolder(const std::string& commit) const;
  std::string SnapshotPath(const std::string& commit, const std::string& file) const;

  // Makes the folders.
  absl::Status Prepare() const;

  // A blob of that size is there. Its content was verified by whoever put it there.
  bool HasBlob(const RemoteFile& file) const;
  // The snapshot has the file, with the size that the listing says: a link to a blob, or, where
  // links are impossible, the file itself.
  bool HasSnapshotFile(const std::string& commit, const RemoteFile& file) const;
  // Bytes that an interrupted download left.
  int64_t IncompleteBytes(const RemoteFile& file) const;

  // Puts the blob into the snapshot.
  absl::Status Link(const std::string& commit, const RemoteFile& file) const;

  // The commit that a revision stood for when it was last asked for; a commit is itself. NOT_FOUND.
  absl::StatusOr<std::string> ReadRef(const std::string& revision) const;
  absl::Status WriteRef(const std::string& revision, const std::string& commit) const;

 private:
  const std::string cache_folder_;
  const std::string name_;
  const std::string folder_;
};

// Makes the entries of a folder survive a power failure.
absl::Status SyncFolder(const std::string& folder);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_CACHE_H_
