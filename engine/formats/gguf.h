// GGUF files: metadata, tensor directory, and the tensors' bytes, memory-mapped.
//
// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little
// endian).
#ifndef ASSAY_ENGINE_FORMATS_GGUF_H_
#define ASSAY_ENGINE_FORMATS_GGUF_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/mapped_file.h"

namespace assay::engine {

// How a tensor's elements are stored; the values are GGUF's own.
enum class GgmlType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ8_0 = 8,
  kBF16 = 30,
};

// "Q4_1", "F32"; "type 12" for a type that is not read yet.
std::string GgmlTypeName(GgmlType type);

struct GgufTensor {
  std::string name;
  GgmlType type;
  // Row-major, outermost first ([out_features, in_features]): the reverse of the order in the file.
  std::vector<int64_t> shape;
  // Points into the mapping; valid as long as the GgufFile.
  absl::Span<const std::byte> data;

  int64_t ElementCount() const;
};

using GgufArray = std::variant<std::vector<int64_t>, std::vector<uint64_t>, std::vector<double>,
                               std::vector<bool>, std::vector<std::string>>;
using GgufValue = std::variant<int64_t, uint64_t, double, bool, std::string, GgufArray>;

// An opened GGUF file. Opening reads the header (milliseconds) and no weights. Every count, length,
// offset and product of dimensions is checked against the file's size before it is used; a bad file
// gives DATA_LOSS with the path, the key or tensor, and the offending value; an unreadable type
// gives UNIMPLEMENTED. Immutable, thread-safe.
class GgufFile {
 public:
  // NOT_FOUND: no such file. INVALID_ARGUMENT: not a GGUF file at all. DATA_LOSS: damaged or
  // truncated.
  static absl::StatusOr<std::unique_ptr<GgufFile>> Open(const std::string& path);

  GgufFile(const GgufFile&) = delete;
  GgufFile& operator=(const GgufFile&) = delete;

  const std::string& path() const { return path_; }
  uint32_t version() const { return version_; }
  int64_t file_bytes() const { return static_cast<int64_t>(file_->bytes().size()); }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }

  // Null if there is none of that name.
  const GgufTensor* FindTensor(std::string_view name) const;

  bool HasKey(std::string_view key) const;
  // NOT_FOUND without the key, DATA_LOSS if its type is another or (GetInt) it is out of [min,
  // max].
  absl::StatusOr<std::string> GetString(std::string_view key) const;
  absl::StatusOr<int64_t> GetInt(std::string_view key, int64_t min, int64_t max) const;
  absl::StatusOr<double> GetFloat(std::string_view key) const;
  absl::StatusOr<bool> GetBool(std::string_view key) const;
  // Pointers into this object.
  absl::StatusOr<const std::vector<std::string>*> GetStrings(std::string_view key) const;
  absl::StatusOr<std::vector<int64_t>> GetInts(std::string_view key) const;

  // Tells the kernel that a tensor's pages are not needed any more.
  void ReleasePages(const GgufTensor& tensor) const;

 private:
  GgufFile() = default;

  absl::StatusOr<const GgufValue*> Find(std::string_view key) const;

  std::string path_;
  uint32_t version_ = 0;
  std::unique_ptr<MappedFile> file_;
  absl::flat_hash_map<std::string, GgufValue> metadata_;
  std::vector<GgufTensor> tensors_;
  absl::flat_hash_map<std::string, size_t> tensor_index_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_GGUF_H_
