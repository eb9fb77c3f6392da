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

// "Q4_1", "F32", also of types that are not read ("IQ2_XXS"); "type 5" for one without a name.
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

// A tensor whose stored type is not read, which is an error only where a model asks for it.
struct UnreadTensor {
  std::string name;
  // As the file names it: "F8_E4M3", "IQ2_XXS".
  std::string type;
  std::vector<int64_t> shape;
  int64_t elements;
  int64_t bytes;
};

// Where tensors are found by name. Immutable, thread-safe.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  // The file or folder, for messages.
  virtual const std::string& path() const = 0;
  // Those that are read, and those that are not.
  virtual const std::vector<StoredTensor>& tensors() const = 0;
  virtual const std::vector<UnreadTensor>& unread() const = 0;
  // Null if there is none of that name among tensors(), and among unread().
  virtual const StoredTensor* FindTensor(std::string_view name) const = 0;
  const UnreadTensor* FindUnread(std::string_view name) const;
  // Read or not; the shape is null if there is none.
  const std::vector<int64_t>* FindShape(std::string_view name) const;
  bool Contains(std::string_view name) const { return FindShape(name) != nullptr; }
  // To be called before a tensor's bytes are read: DATA_LOSS, with the file and the tensor, if the
  // file was cut short after it was opened; reading would end the process (SIGBUS, mapped_file.h).
  // One system call.
  virtual absl::Status CheckPresent(const StoredTensor& tensor) const = 0;
  // Tells the kernel that a tensor's pages are not needed any more.
  virtual void ReleasePages(const StoredTensor& tensor) const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_STORED_TENSOR_H_
