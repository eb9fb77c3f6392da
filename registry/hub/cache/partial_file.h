// A partially downloaded file in the cache: <hash>.incomplete, until its content is verified.
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

// Appends bytes to the file and hashes them. The caller must hold the blob's FileLock. Not
// thread-safe. A write to a full disk returns RESOURCE_EXHAUSTED with the number of missing bytes;
// the bytes that were written are kept.
class PartialFile {
 public:
  // Opens or creates the file. Never follows a link.
  static absl::StatusOr<std::unique_ptr<PartialFile>> Open(const std::string& path,
                                                           const RemoteFile& remote);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // The number of bytes in the file.
  int64_t size() const { return size_; }

  // Hashes the bytes of an earlier download. Calls `check` between pieces and returns its error.
  // Empties a file that is longer than the remote one.
  absl::Status HashExisting(const std::function<absl::Status()>& check);

  // Empties the file.
  absl::Status Clear();

  // Returns DATA_LOSS if the file would become longer than the remote one.
  absl::Status Append(std::string_view bytes);

  // Returns true if the file has the size and the hash of the remote one. Must be called at most
  // once after the last change.
  bool Verify();

  // Flushes the file to the disk and gives it its final name.
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
