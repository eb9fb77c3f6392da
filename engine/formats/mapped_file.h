// Read-only memory mappings of files.
#ifndef ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_
#define ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/formats/fault_guard.h"

namespace assay::engine {

// A file mapped into memory. Opening is cheap: pages are read on first access. Immutable,
// thread-safe.
//
// Truncating the file in place removes its pages. A FaultGuard keeps the process alive: a read of a
// page that is gone returns zeros, and CheckPresent() and CheckUnchanged() return DATA_LOSS from
// then on. A reader must call one of them after it has read, before it uses what it read. Replacing
// the file by renaming, as downloads do, is safe: the mapping keeps the old file.
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
  // part of bytes(), or if a page could not be read. Costs one system call. The caller adds the
  // path.
  absl::Status CheckPresent(absl::Span<const std::byte> range) const;

  // Returns DATA_LOSS if the file has been written to since it was opened, or if a page could not
  // be read. Costs one system call. The caller adds the path.
  absl::Status CheckUnchanged() const;

  // Releases the whole pages of the range to the kernel, which reloads them on the next access.
  void Release(absl::Span<const std::byte> range) const;

 private:
  MappedFile(absl::Span<const std::byte> bytes, int descriptor, absl::Time modified)
      : bytes_(bytes), descriptor_(descriptor), modified_(modified), guard_(bytes) {}

  absl::Status Damaged(int64_t size) const;

  const absl::Span<const std::byte> bytes_;
  const int descriptor_;
  // The time of the last write before the file was opened.
  const absl::Time modified_;
  const FaultGuard guard_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_
