// The part of the cache of huggingface_hub that belongs to one repository.
#ifndef ASSAY_REGISTRY_HUB_CACHE_CACHE_H_
#define ASSAY_REGISTRY_HUB_CACHE_CACHE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/hub/cache/listing.h"

namespace assay::registry {

// Reads and writes the files of one repository in the cache, which is shared with huggingface_hub.
// The layout is (huggingface_hub 2.4, file_download.py; docs/hub/local-cache):
//
//   CACHEDIR.TAG
//   .locks/models--org--name/<hash>.lock     held while blobs/<hash> is written
//   models--org--name/
//     blobs/<hash>                           the content of a file; .incomplete during the download
//     snapshots/<commit>/<file>              -> ../../blobs/<hash>
//     refs/<revision>                        the commit, 40 digits
//
// The caller must check every name with names.h before. Every change is a single rename or link, so
// that readers, and a process that is killed, see the state before or after it. Thread-safe. Errors
// are those of the file system, with the path.
class HubCache {
 public:
  HubCache(const std::string& cache_folder, const std::string& repo);

  const std::string& folder() const { return folder_; }
  std::string BlobPath(const std::string& hash) const;
  std::string IncompletePath(const std::string& hash) const;
  std::string LockPath(const std::string& hash) const;
  std::string SnapshotFolder(const std::string& commit) const;
  std::string SnapshotPath(const std::string& commit, const std::string& file) const;

  // Creates the folders.
  absl::Status Prepare() const;

  // Returns true if the file's blob exists and has the listed size. Its content was verified before
  // it got its name.
  bool HasBlob(const RemoteFile& file) const;
  // Returns true if the snapshot has the file with the listed size: a link to a blob or, on file
  // systems without links, the file itself.
  bool HasSnapshotFile(const std::string& commit, const RemoteFile& file) const;
  // Returns the number of bytes that an interrupted download left.
  int64_t IncompleteBytes(const RemoteFile& file) const;

  // Links the file's blob into the snapshot.
  absl::Status Link(const std::string& commit, const RemoteFile& file) const;

  // Returns the commit that the revision had when it was last resolved. A commit is returned as it
  // is. NOT_FOUND if the cache does not know the revision.
  absl::StatusOr<std::string> ReadRef(const std::string& revision) const;
  absl::Status WriteRef(const std::string& revision, const std::string& commit) const;

 private:
  const std::string cache_folder_;
  const std::string name_;
  const std::string folder_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_CACHE_H_
