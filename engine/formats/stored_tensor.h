// The tensors of a model file, independent of its format.
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

// The type in which a tensor's elements are stored. The values are those of GGUF.
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

// Returns "Q4_1" or "F32", also for types that are not supported ("IQ2_XXS"). Returns "type 5" for
// an unknown number.
std::string GgmlTypeName(GgmlType type);

// A tensor of a supported type.
struct StoredTensor {
  std::string name;
  GgmlType type;
  // The dimensions in row-major order, outermost first: [out_features, in_features].
  std::vector<int64_t> shape;
  // Points into a mapping. Valid as long as the source of the tensor.
  absl::Span<const std::byte> data;

  int64_t ElementCount() const;
};

// A tensor of an unsupported type, which is an error only if a model needs the tensor.
struct UnreadTensor {
  std::string name;
  // The name of the type in the file: "F8_E4M3", "IQ2_XXS".
  std::string type;
  std::vector<int64_t> shape;
  int64_t elements;
  int64_t bytes;
};

// Finds tensors by name. Immutable, thread-safe.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  // The file or the folder, for messages.
  virtual const std::string& path() const = 0;
  // The tensors of supported types.
  virtual const std::vector<StoredTensor>& tensors() const = 0;
  // The tensors of unsupported types.
  virtual const std::vector<UnreadTensor>& unread() const = 0;
  // Returns null if tensors() has no tensor of that name.
  virtual const StoredTensor* FindTensor(std::string_view name) const = 0;
  // Returns null if unread() has no tensor of that name.
  const UnreadTensor* FindUnread(std::string_view name) const;
  // Returns the shape of a tensor of any type, or null if there is none of that name.
  const std::vector<int64_t>* FindShape(std::string_view name) const;
  bool Contains(std::string_view name) const { return FindShape(name) != nullptr; }
  // Must be called after the bytes of a tensor are read and before they are used, better before the
  // read as well. Returns DATA_LOSS with the file and the tensor if the file was truncated after it
  // was opened: what was read may be zeros (mapped_file.h). Costs one system call.
  virtual absl::Status CheckPresent(const StoredTensor& tensor) const = 0;
  // Returns DATA_LOSS with the path of a file that was written to since it was opened. Costs a few
  // system calls per file.
  virtual absl::Status CheckUnchanged() const = 0;
  // Releases the pages of a tensor to the kernel.
  virtual void ReleasePages(const StoredTensor& tensor) const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_STORED_TENSOR_H_
