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
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/mapped_file.h"
#include "engine/formats/stored_tensor.h"

namespace assay::engine {

using GgufArray = std::variant<std::vector<int64_t>, std::vector<uint64_t>, std::vector<double>,
                               std::vector<bool>, std::vector<std::string>>;
using GgufValue = std::variant<int64_t, uint64_t, double, bool, std::string, GgufArray>;

// An opened GGUF file. Opening reads the header (milliseconds, at most 128 MiB) and no weights.
// Every count, length, offset and product of dimensions is checked against the file's size before
// it is used, and tensors must not overlap; a bad file gives DATA_LOSS with the path, the key or
// tensor, and the offending value; an unreadable type gives UNIMPLEMENTED. Immutable, thread-safe.
class GgufFile : public TensorSource {
 public:
  // NOT_FOUND: no such file. INVALID_ARGUMENT: not a GGUF file at all. DATA_LOSS: damaged or
  // truncated.
  static absl::StatusOr<std::unique_ptr<GgufFile>> Open(const std::string& path);

  GgufFile(const GgufFile&) = delete;
  GgufFile& operator=(const GgufFile&) = delete;

  const std::string& path() const override { return path_; }
  uint32_t version() const { return version_; }
  int64_t file_bytes() const { return static_cast<int64_t>(file_->bytes().size()); }
  const std::vector<StoredTensor>& tensors() const override { return tensors_; }

  const StoredTensor* FindTensor(std::string_view name) const override;

  bool HasKey(std::string_view key) const;
  // NOT_FOUND without the key. DATA_LOSS, with key and value, if its type is another, (GetInt) it
  // is out of [min, max], (GetInts) an element is above INT64_MAX, (GetFloat) it is not finite.
  absl::StatusOr<std::string> GetString(std::string_view key) const;
  absl::StatusOr<int64_t> GetInt(std::string_view key, int64_t min, int64_t max) const;
  absl::StatusOr<double> GetFloat(std::string_view key) const;
  absl::StatusOr<bool> GetBool(std::string_view key) const;
  // Pointers into this object.
  absl::StatusOr<const std::vector<std::string>*> GetStrings(std::string_view key) const;
  absl::StatusOr<std::vector<int64_t>> GetInts(std::string_view key) const;
  absl::StatusOr<std::vector<double>> GetFloats(std::string_view key) const;

  absl::Status CheckPresent(const StoredTensor& tensor) const override;
  void ReleasePages(const StoredTensor& tensor) const override;

 private:
  GgufFile() = default;

  absl::StatusOr<const GgufValue*> Find(std::string_view key) const;

  std::string path_;
  uint32_t version_ = 0;
  std::unique_ptr<MappedFile> file_;
  absl::flat_hash_map<std::string, GgufValue> metadata_;
  std::vector<StoredTensor> tensors_;
  absl::flat_hash_map<std::string, size_t> tensor_index_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_GGUF_H_
