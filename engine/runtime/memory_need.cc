// The memory estimate of a model.
#include "engine/runtime/memory_need.h"

#include <algorithm>
#include <cstdint>

#include "engine/formats/stored_tensor.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/executor/quantized_matrix.h"

namespace assay::engine {
namespace {

constexpr int64_t kFloatBytes = 4;

int64_t ElementBytes(const LoadPlan& plan) {
  constexpr int64_t kHalfBytes = 2;
  return plan.dtype == PackedType::kFloat32 ? kFloatBytes : kHalfBytes;
}

// Embeddings and the output keep their stored type.
bool IsInLayer(const ModelSpec& spec, const StoredTensor& tensor) {
  return std::find(tensor.shape.begin(), tensor.shape.end(), spec.vocab) == tensor.shape.end();
}

int64_t PackedBytes(const ModelSpec& spec, const StoredTensor& tensor, const LoadPlan& plan) {
  const bool kept = !IsInLayer(spec, tensor) && plan.bits != WeightBits::kFull;
  const WeightBits bits = kept ? WeightBits::kAsStored : plan.bits;
  const PackedType type = PackedTypeFor(tensor.type, tensor.shape[1], bits, plan.dtype);
  return PackedMatrix::BytesOf(type, tensor.shape[0], tensor.shape[1]);
}

int64_t DeviceBytes(const ModelSpec& spec, const StoredTensor& tensor, const LoadPlan& plan) {
  const int64_t out = tensor.shape[0];
  const int64_t in = tensor.shape[1];
  if (!IsInLayer(spec, tensor) || !QuantizedMatrix::Supports(in, plan.bits)) {
    return ElementBytes(plan) * out * in;
  }
  return QuantizedMatrix::BytesOf(out, in, plan.bits);
}

bool IsUnused(const Architecture& architecture, const StoredTensor& tensor) {
  return std::any_of(architecture.unused_prefixes.begin(), architecture.unused_prefixes.end(),
                     [&](const char* prefix) { return tensor.name.starts_with(prefix); });
}

int64_t WeightBytes(const ModelFiles& files, const LoadPlan& plan) {
  int64_t bytes = 0;
  for (const StoredTensor& tensor : files.tensors->tensors()) {
    if (IsUnused(*files.architecture, tensor)) continue;
    if (tensor.shape.size() != 2) {
      bytes += tensor.ElementCount() * (plan.packed ? kFloatBytes : ElementBytes(plan));
    } else {
      bytes += plan.packed ? PackedBytes(files.spec, tensor, plan)
                           : DeviceBytes(files.spec, tensor, plan);
    }
  }
  return bytes;
}

int64_t CacheBytes(const ModelSpec& spec, const LoadPlan& plan) {
  // The estimate has one page of margin.
  const int64_t pages = plan.pages() + 1;
  if (!plan.packed) {
    return ElementBytes(plan) * 2 * spec.cache_layers() * spec.kv_rows() * pages * kPageTokens;
  }
  return pages * KvPages::BytesPerPage({.type = plan.kv_type,
                                        .layers = spec.cache_layers(),
                                        .kv_heads = spec.attention.kv_heads,
                                        .head_dim = spec.attention.head_dim});
}

}  // namespace

MemoryNeed EstimateMemory(const ModelFiles& files, const LoadPlan& plan) {
  constexpr int64_t kTokenizerBytesPerToken = 256;
  constexpr int64_t kRowsOfHidden = 8;
  constexpr int64_t kRowsOfWidth = 5;
  const ModelSpec& spec = files.spec;
  const int64_t element = plan.packed ? kFloatBytes : ElementBytes(plan);
  const int64_t rope_tables = 2 * spec.rope.dim * plan.context;
  const int64_t activations =
      plan.step_tokens * (kRowsOfHidden * spec.hidden + kRowsOfWidth * spec.feed_forward.width) +
      plan.logit_rows * spec.vocab;
  // Off the CPU's kernels, rows that are sampled or scored are copied, and summed in fp32.
  const int64_t logit_copies =
      plan.packed ? 0 : plan.logit_rows * spec.vocab * (element + 2 * kFloatBytes);
  return {.weights = WeightBytes(files, plan),
          .kv_cache = CacheBytes(spec, plan),
          .working = element * (rope_tables + activations) + logit_copies +
                     kTokenizerBytesPerToken * spec.vocab + plan.text_bytes};
}

}  // namespace assay::engine
