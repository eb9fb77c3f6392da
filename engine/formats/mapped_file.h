// A file mapped into memory, read-only.
#ifndef ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_
#define ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay::engine {

// Owns the mapping. Opening is cheap: pages are read on first touch. Immutable, thread-safe.
//
// A file that is cut short in place takes its pages with it: touching them then is SIGBUS, which
// ends the process. CheckPresent() before each large read turns that into an error; what stays is
// the time of the read itself. A copy instead of a mapping would close that too, at the price of
// the file's size in memory; a SIGBUS handler would belong to the whole process. Whoever replaces a
// file by renaming another over it, as downloads do, is safe: the mapping keeps the old one.
class MappedFile {
 public:
  // NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT (a directory, an empty file), or DATA_LOSS (a
  // pointer of Git LFS in the file's place), each with the path.
  static absl::StatusOr<std::unique_ptr<MappedFile>> Open(const std::string& path);
  ~MappedFile();

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  absl::Span<const std::byte> bytes() const { return bytes_; }

  // DATA_LOSS, with both sizes, if the file has become too short for `range`, a part of bytes().
  // One system call. The path is the caller's to add.
  absl::Status CheckPresent(absl::Span<const std::byte> range) const;

  // Gives the range's whole pages back to the kernel; they are read again if touched.
  void Release(absl::Span<const std::byte> range) const;

 private:
  MappedFile(absl::Span<const std::byte> bytes, int descriptor)
      : bytes_(bytes), descriptor_(descriptor) {}

  const absl::Span<const std::byte> bytes_;
  const int descriptor_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_
