// A file mapped into memory, read-only.
#ifndef ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_
#define ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay::engine {

// Owns the mapping. Opening is cheap: pages are read on first touch. Immutable, thread-safe.
class MappedFile {
 public:
  // NOT_FOUND, PERMISSION_DENIED, or INVALID_ARGUMENT (a directory, an empty file), each with the
  // path.
  static absl::StatusOr<std::unique_ptr<MappedFile>> Open(const std::string& path);
  ~MappedFile();

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  absl::Span<const std::byte> bytes() const { return bytes_; }

  // Gives the range's whole pages back to the kernel; they are read again if touched.
  void Release(absl::Span<const std::byte> range) const;

 private:
  explicit MappedFile(absl::Span<const std::byte> bytes) : bytes_(bytes) {}

  absl::Span<const std::byte> bytes_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_MAPPED_FILE_H_
