// Safetensors checkpoints, memory-mapped: one file, or shards with an index.
//
// Format: https://github.com/huggingface/safetensors#format (an 8-byte little-endian header length,
// a JSON header, the tensors' bytes).
#ifndef ASSAY_ENGINE_FORMATS_SAFETENSORS_H_
#define ASSAY_ENGINE_FORMATS_SAFETENSORS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/formats/mapped_file.h"
#include "engine/formats/stored_tensor.h"

namespace assay::engine {

// The shards of one checkpoint. Opening reads the headers (milliseconds) and no weights. A header
// has at most 100 MB, the limit of the format's own reader. Every offset and product of dimensions
// is checked against the file's size, and the tensors must fill the file without gaps and overlaps.
// Tensors of element types other than F32, F16 and BF16 are listed in unread(). Immutable,
// thread-safe.
class SafetensorsCheckpoint : public TensorSource {
 public:
  // Opens a folder with model.safetensors, or with model.safetensors.index.json and the shards that
  // it names. NOT_FOUND: the folder has neither. FAILED_PRECONDITION: it has only pickled weights
  // (pytorch_model.bin), which are not supported. DATA_LOSS with the file's path: a file is damaged
  // or truncated, or a shard contradicts the index.
  static absl::StatusOr<std::unique_ptr<SafetensorsCheckpoint>> Open(const std::string& folder);

  SafetensorsCheckpoint(const SafetensorsCheckpoint&) = delete;
  SafetensorsCheckpoint& operator=(const SafetensorsCheckpoint&) = delete;

  const std::string& path() const override { return path_; }
  const std::vector<StoredTensor>& tensors() const override { return tensors_; }
  const std::vector<UnreadTensor>& unread() const override { return unread_; }
  const StoredTensor* FindTensor(std::string_view name) const override;
  absl::Status CheckPresent(const StoredTensor& tensor) const override;
  absl::Status CheckUnchanged() const override;
  void ReleasePages(const StoredTensor& tensor) const override;

 private:
  SafetensorsCheckpoint() = default;

  absl::Status AddFile(const std::string& path);
  absl::Status AddShards(const std::string& folder, const std::string& index_path);

  std::string path_;
  std::vector<std::unique_ptr<MappedFile>> files_;
  // The path of each file.
  std::vector<std::string> paths_;
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

#endif  // ASSAY_ENGINE_FORMATS_SAFETENSORS_H_
