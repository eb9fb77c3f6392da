// GGUF files, memory-mapped: the metadata, the tensors and their bytes. A model may be split into
// several files.
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

// The elements of an array, each number in 64 bits.
using GgufItems = std::variant<std::vector<int64_t>, std::vector<uint64_t>, std::vector<double>,
                               std::vector<bool>, std::vector<std::string>>;
// An array as the file has it, decoded when it is needed: elements can take many times the bytes of
// the file.
struct GgufArray {
  // The number of the element type in the format.
  uint32_t type;
  uint64_t count;
  // The elements in the mapping.
  absl::Span<const std::byte> bytes;
};
using GgufValue = std::variant<int64_t, uint64_t, double, bool, std::string, GgufArray>;
using GgufMetadata = absl::flat_hash_map<std::string, GgufValue>;

// An opened GGUF file. Opening reads the header (milliseconds, at most 128 MiB) and no weights. It
// takes memory for the keys, single values and names of tensors, of which a file has at most 65,536
// each; arrays stay in the file.
// Every count, length, offset and product of dimensions is checked against the file's size before
// it is used, and tensors must not overlap. A bad file gives DATA_LOSS with the path, the key or
// tensor, and the offending value; an unknown tensor type gives UNIMPLEMENTED. Immutable,
// thread-safe.
class GgufFile : public TensorSource {
 public:
  // Opens a file, or any part of a split model ("NAME-00001-of-00003.gguf") with the other parts in
  // the same folder. NOT_FOUND: no such file. INVALID_ARGUMENT: not a GGUF file. DATA_LOSS: the
  // file is damaged or truncated, or a part is missing.
  static absl::StatusOr<std::unique_ptr<GgufFile>> Open(const std::string& path);

  // Returns the bytes of the headers that Open() reads, of all parts of a split model. Takes as
  // long as Open(), and no memory for what they contain. Files that cannot be opened count as
  // empty.
  static int64_t HeaderBytes(const std::string& path);

  GgufFile(const GgufFile&) = delete;
  GgufFile& operator=(const GgufFile&) = delete;

  const std::string& path() const override { return path_; }
  uint32_t version() const { return version_; }
  const std::vector<StoredTensor>& tensors() const override { return tensors_; }
  const std::vector<UnreadTensor>& unread() const override { return unread_; }
  const StoredTensor* FindTensor(std::string_view name) const override;

  bool HasKey(std::string_view key) const;
  // True if the key exists and its value is an array.
  bool IsArray(std::string_view key) const;
  // Return the value of a metadata key. NOT_FOUND: there is no such key. DATA_LOSS with the key,
  // the value and both types: the value has another type; GetInt: it is outside [min, max];
  // GetInts: an element is above INT64_MAX; GetFloat and GetFloats: a number is not finite. Arrays
  // are decoded by each call: DATA_LOSS for more than 4,194,304 numbers or 1,048,576 strings, and
  // if the file was cut meanwhile.
  absl::StatusOr<std::string> GetString(std::string_view key) const;
  absl::StatusOr<int64_t> GetInt(std::string_view key, int64_t min, int64_t max) const;
  absl::StatusOr<double> GetFloat(std::string_view key) const;
  absl::StatusOr<bool> GetBool(std::string_view key) const;
  absl::StatusOr<std::vector<std::string>> GetStrings(std::string_view key) const;
  // Booleans are 0 and 1.
  absl::StatusOr<std::vector<int64_t>> GetInts(std::string_view key) const;
  absl::StatusOr<std::vector<double>> GetFloats(std::string_view key) const;

  absl::Status CheckPresent(const StoredTensor& tensor) const override;
  absl::Status CheckUnchanged() const override;
  void ReleasePages(const StoredTensor& tensor) const override;

 private:
  GgufFile() = default;

  static absl::StatusOr<std::unique_ptr<GgufFile>> OpenParts(const std::string& path,
                                                             int64_t count);
  // Adds the tensors of a file and returns its metadata.
  absl::StatusOr<GgufMetadata> AddFile(const std::string& path);
  absl::StatusOr<const GgufValue*> Find(std::string_view key) const;
  // Returns the elements of an array. DATA_LOSS: the value is no array, which must have been
  // `expected`.
  absl::StatusOr<GgufItems> DecodeArray(std::string_view key, const GgufValue& value,
                                        const char* expected) const;

  std::string path_;
  uint32_t version_ = 0;
  struct File {
    std::string path;
    std::unique_ptr<MappedFile> mapped;
  };
  std::vector<File> files_;
  GgufMetadata metadata_;
  std::vector<StoredTensor> tensors_;
  std::vector<UnreadTensor> unread_;
  // The indices of a tensor in tensors_ and of its file in files_.
  struct Place {
    size_t tensor;
    size_t file;
  };
  absl::flat_hash_map<std::string, Place> places_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_GGUF_H_
