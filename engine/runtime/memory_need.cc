// Memory of a model before it is loaded.
#include "engine/runtime/memory_need.h"

#include <algorithm>
#include <cstdint>

#include "engine/formats/stored_tensor.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/quantised_matrix.h"

namespace assay::engine {
namespace {

constexpr int64_t kFloatBytes = 4;

// Embeddings and the output keep the type that they are stored in.
bool IsInLayer(const ModelSpec& spec, const StoredTensor& tensor) {
  return std::find(tensor.shape.begin(), tensor.shape.end(), spec.vocab) == tensor.shape.end();
}

int64_t PackedBytes(const ModelSpec& spec, const StoredTensor& tensor, const MemoryShape& shape) {
  const bool kept = !IsInLayer(spec, tensor) && shape.bits != WeightBits::kFull;
  const WeightBits bits = kept ? WeightBits::kAsStored : shape.bits;
  const PackedType type = PackedTypeFor(tensor.type, tensor.shape[1], bits, shape.full);
  return PackedMatrix::BytesOf(type, tensor.shape[0], tensor.shape[1]);
}

int64_t DeviceBytes(const ModelSpec& spec, const StoredTensor& tensor, const MemoryShape& shape) {
  const int64_t out = tensor.shape[0];
  const int64_t in = tensor.shape[1];
  if (!IsInLayer(spec, tensor) || !QuantisedMatrix::Suits(in, shape.bits)) {
    return shape.element_bytes * out * in;
  }
  return QuantisedMatrix::BytesOf(out, in, shape.bits);
}

int64_t WeightBytes(const ModelFiles& files, const MemoryShape& shape) {
  int64_t bytes = 0;
  for (const StoredTensor& tensor : files.tensors->tensors()) {
    if (tensor.shape.size() != 2) {
      bytes += tensor.ElementCount() * (shape.packed ? kFloatBytes : shape.element_bytes);
    } else {
      bytes += shape.packed ? PackedBytes(files.spec, tensor, shape)
                            : DeviceBytes(files.spec, tensor, shape);
    }
  }
  return bytes;
}

}  // namespace

MemoryNeed NeedOf(const ModelFiles& files, const MemoryShape& shape) {
  constexpr int64_t kTokenizerBytesPerToken = 256;
  constexpr int64_t kRowsOfHidden = 8;
  constexpr int64_t kRowsOfWidth = 5;
  const ModelSpec& spec = files.spec;
  const int64_t element = shape.packed ? kFloatBytes : shape.element_bytes;
  const int64_t rope_tables = 2 * spec.rope.dim * shape.context;
  const int64_t activations =
      shape.step_tokens * (kRowsOfHidden * spec.hidden + kRowsOfWidth * spec.feed_forward.width) +
      spec.vocab;
  return {.weights = WeightBytes(files, shape),
          .kv_cache = shape.kv_element_bytes * 2 * spec.layers * spec.kv_rows() *
                      (shape.cache_tokens + kPageTokens),
          .working = element * (rope_tables + activations) + kTokenizerBytesPerToken * spec.vocab};
}

}  // namespace assay::engine
