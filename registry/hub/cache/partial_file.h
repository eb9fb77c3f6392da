// A file on its way into the cache: <hash>.incomplete, until it is what it should be.
#ifndef ASSAY_REGISTRY_HUB_CACHE_PARTIAL_FILE_H_
#define ASSAY_REGISTRY_HUB_CACHE_PARTIAL_FILE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/hub/cache/content_hash.h"
#include "registry/hub/cache/listing.h"

namespace assay::registry {

// Appends to the file and hashes what it appends. The caller holds the blob's FileLock. Not
// thread-safe. A write that finds no room is RESOURCE_EXHAUSTED with the bytes that were still to
// come; what was written stays.
class PartialFile {
 public:
  // Opens what is there or makes it; never follows a link. `remote` and `path` are copied.
  static absl::StatusOr<std::unique_ptr<PartialFile>> Open(const std::string& path,
                                                           const RemoteFile& remote);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // Bytes in the file.
  int64_t size() const { return size_; }

  // Hashes what an earlier download left; asks `check` between pieces and gives its error. A file
  // longer than the remote one is emptied.
  absl::Status HashExisting(const std::function<absl::Status()>& check);

  // Back to empty.
  absl::Status Clear();

  // DATA_LOSS beyond the remote file's size.
  absl::Status Append(std::string_view bytes);

  // The file has the remote one's size and hash. Once.
  bool Verified();

  // Onto the disk and to its final name.
  absl::Status MoveTo(const std::string& blob_path);
  void Delete();

 private:
  PartialFile(int fd, std::string path, const RemoteFile& remote, int64_t size);
  absl::Status WriteError(int error) const;

  const int fd_;
  const std::string path_;
  const RemoteFile remote_;
  int64_t size_;
  ContentHash hash_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_PARTIAL_FILE_H_
