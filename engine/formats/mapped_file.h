// Read-only memory mappings of files.
#ifndef ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_
#define ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay::engine {

// A file mapped into memory. Opening is cheap: pages are read on first access. Immutable,
// thread-safe.
//
// Truncating the file in place removes its pages: accessing them raises SIGBUS, which ends the
// process. CheckPresent() before each large read turns that into an error, except for a truncation
// during the read itself. Copying the file would avoid that too, but costs its size in memory; a
// SIGBUS handler would affect the whole process. Replacing the file by renaming, as downloads do,
// is safe: the mapping keeps the old file.
class MappedFile {
 public:
  // Maps a file. NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT (a directory, an empty file), or
  // DATA_LOSS (a Git LFS pointer instead of the file), each with the path.
  static absl::StatusOr<std::unique_ptr<MappedFile>> Open(const std::string& path);
  ~MappedFile();

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  absl::Span<const std::byte> bytes() const { return bytes_; }

  // Returns DATA_LOSS with both sizes if the file has become too short for `range`, which must be a
  // part of bytes(). Costs one system call. The caller adds the path.
  absl::Status CheckPresent(absl::Span<const std::byte> range) const;

  // Releases the whole pages of the range to the kernel, which reloads them on the next access.
  void Release(absl::Span<const std::byte> range) const;

 private:
  MappedFile(absl::Span<const std::byte> bytes, int descriptor)
      : bytes_(bytes), descriptor_(descriptor) {}

  const absl::Span<const std::byte> bytes_;
  const int descriptor_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_
