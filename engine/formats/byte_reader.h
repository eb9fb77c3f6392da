// A bounds-checked reader of binary data.
#ifndef ASSAY_ENGINE_FORMATS_BYTE_READER_H_
#define ASSAY_ENGINE_FORMATS_BYTE_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"

namespace assay::engine {

// Reads a byte range from front to back, and never past its end. Numbers are little endian, as on
// every supported machine. Errors are DATA_LOSS with the offset. Not thread-safe.
class ByteReader {
 public:
  // `end` describes the end of the bytes in errors: "`end` at byte 100, where 8 bytes are needed".
  explicit ByteReader(absl::Span<const std::byte> bytes, const char* end = "the file ends")
      : bytes_(bytes), end_(end) {}

  size_t offset() const { return offset_; }
  size_t remaining() const { return bytes_.size() - offset_; }

  // Reads one number.
  template <typename T>
  absl::Status Read(T* out) {
    static_assert(std::is_arithmetic_v<T>);
    if (remaining() < sizeof(T)) return Truncated(sizeof(T));
    std::memcpy(out, bytes_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return absl::OkStatus();
  }

  // Returns the next `length` bytes, which it skips.
  absl::StatusOr<absl::Span<const std::byte>> Skip(uint64_t length) {
    if (length > remaining()) return Truncated(length);
    const absl::Span<const std::byte> skipped = bytes_.subspan(offset_, length);
    offset_ += length;
    return skipped;
  }

  // Reads a string: a 64-bit length of at most `max_length`, then that many bytes.
  absl::Status ReadString(uint64_t max_length, std::string* out) {
    ASSIGN_OR_RETURN(const absl::Span<const std::byte> bytes, SkipString(max_length));
    out->assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }

  // Returns the bytes of a string, which it skips.
  absl::StatusOr<absl::Span<const std::byte>> SkipString(uint64_t max_length) {
    uint64_t length = 0;
    RETURN_IF_ERROR(Read(&length));
    if (length > max_length) {
      return absl::DataLossError(
          absl::StrCat("text of ", length, " bytes is longer than ", max_length));
    }
    return Skip(length);
  }

 private:
  absl::Status Truncated(uint64_t needed) const {
    return absl::DataLossError(absl::StrCat(end_, " at byte ", bytes_.size(), ", where ", needed,
                                            " bytes are needed at offset ", offset_));
  }

  absl::Span<const std::byte> bytes_;
  const char* end_;
  size_t offset_ = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_BYTE_READER_H_
