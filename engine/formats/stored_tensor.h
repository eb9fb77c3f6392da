// A model's tensors as they lie in a file, whatever its format.
#ifndef ASSAY_ENGINE_FORMATS_STORED_TENSOR_H_
#define ASSAY_ENGINE_FORMATS_STORED_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace assay::engine {

// How a tensor's elements are stored; the values are GGUF's own.
enum class GgmlType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kIQ4_XS = 23,
  kBF16 = 30,
  kTQ1_0 = 34,
  kTQ2_0 = 35,
  kMXFP4 = 39,
};

// "Q4_1", "F32"; "type 19" for a type that is not read.
std::string GgmlTypeName(GgmlType type);

struct StoredTensor {
  std::string name;
  GgmlType type;
  // Row-major, outermost first: [out_features, in_features].
  std::vector<int64_t> shape;
  // Points into a mapping; valid as long as the source that it came from.
  absl::Span<const std::byte> data;

  int64_t ElementCount() const;
};

// Where tensors are found by name. Immutable, thread-safe.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  // The file or folder, for messages.
  virtual const std::string& path() const = 0;
  virtual const std::vector<StoredTensor>& tensors() const = 0;
  // Null if there is none of that name.
  virtual const StoredTensor* FindTensor(std::string_view name) const = 0;
  // The stored type, as the file names it, of a tensor that FindTensor() does not find because its
  // type is not read; else empty.
  virtual std::string UnreadType(std::string_view /*name*/) const { return {}; }
  // To be called before a tensor's bytes are read: DATA_LOSS, with the file and the tensor, if the
  // file was cut short after it was opened; reading would end the process (SIGBUS, mapped_file.h).
  // One system call.
  virtual absl::Status CheckPresent(const StoredTensor& tensor) const = 0;
  // Tells the kernel that a tensor's pages are not needed any more.
  virtual void ReleasePages(const StoredTensor& tensor) const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_STORED_TENSOR_H_
