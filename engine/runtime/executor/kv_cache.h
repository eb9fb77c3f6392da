// The paged KV cache as tensors of libtorch. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/types/span.h"
#include "engine/architectures/model_spec.h"

namespace assay::engine {

// The slots of consecutive tokens of a sequence in the KV cache.
struct KvSlots {
  int64_t count = 0;
  // The first slot if all are consecutive, else -1.
  int64_t first = -1;
  // The slots, [count], on the device, if they are not consecutive.
  at::Tensor each;
};

// Two tensors [layers, slots, kv_heads, head_dim] with 32 slots per page, allocated once and
// written in place. On the CPU pages become resident as they are written. Not thread-safe. Throws
// the exceptions of libtorch.
class KvCache {
 public:
  KvCache(const ModelSpec& spec, int64_t pages, const at::TensorOptions& options);

  // Returns the slots of the tokens [begin, end) of a sequence with these pages. Costs one small
  // copy to the device if they are not consecutive.
  KvSlots SlotsOf(absl::Span<const int32_t> pages, int64_t begin, int64_t end) const;

  // Writes `keys` and `values`, [slots.count, kv_heads, head_dim] each.
  void Write(int64_t layer, const KvSlots& slots, const at::Tensor& keys, const at::Tensor& values);

  // Return [kv_heads, slots.count, head_dim]: a view of consecutive slots, a copy of others.
  at::Tensor Keys(int64_t layer, const KvSlots& slots) const { return Read(keys_, layer, slots); }
  at::Tensor Values(int64_t layer, const KvSlots& slots) const {
    return Read(values_, layer, slots);
  }

  int64_t pages() const;
  int64_t Bytes() const { return static_cast<int64_t>(keys_.nbytes() + values_.nbytes()); }

 private:
  static at::Tensor Read(const at::Tensor& cache, int64_t layer, const KvSlots& slots);

  at::Tensor keys_;
  at::Tensor values_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_
