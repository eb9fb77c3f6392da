// The paged KV cache as a tensor of libtorch. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/architectures/model_spec.h"

namespace assay::engine {

// A tensor [cache_layers, slots, 2 * kv_heads, head_dim] with 32 slots per page, allocated once and
// written in place: in each slot the keys of all heads, then the values. Slots are indices on the
// device, so that neither reading nor writing waits for it. Not thread-safe. Throws the exceptions
// of libtorch.
class KvCache {
 public:
  KvCache(const ModelSpec& spec, int64_t pages, const at::TensorOptions& options);

  // Writes `keys_and_values`, [tokens, 2 * kv_heads, head_dim], to `slots`, [tokens].
  void Write(int64_t layer, const at::Tensor& slots, const at::Tensor& keys_and_values);

  // Returns a copy of the slots, [slots, 2 * kv_heads, head_dim].
  at::Tensor Read(int64_t layer, const at::Tensor& slots) const;

  int64_t pages() const;
  int64_t Bytes() const { return static_cast<int64_t>(cache_.nbytes()); }

 private:
  at::Tensor cache_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_
