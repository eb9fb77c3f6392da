// Keys and values of the tokens of one sequence read so far. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_KV_CACHE_H_
#define ASSAY_ENGINE_RUNTIME_KV_CACHE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/architectures/model_spec.h"

namespace assay::engine {

// Two tensors [layers, kv_heads, context, head_dim], allocated once and written in place. On the
// CPU pages become resident as they are written. Not thread-safe.
class KvCache {
 public:
  // Throws as libtorch does.
  KvCache(const ModelSpec& spec, int64_t context, const at::TensorOptions& options);

  // keys, values: [positions, kv_heads, head_dim].
  void Write(int64_t layer, int64_t position, const at::Tensor& keys, const at::Tensor& values);

  // Views of the positions [begin, end): [kv_heads, end - begin, head_dim].
  at::Tensor Keys(int64_t layer, int64_t begin, int64_t end) const;
  at::Tensor Values(int64_t layer, int64_t begin, int64_t end) const;

  int64_t context() const { return keys_.size(2); }
  int64_t Bytes() const { return static_cast<int64_t>(keys_.nbytes() + values_.nbytes()); }

 private:
  at::Tensor keys_;
  at::Tensor values_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_KV_CACHE_H_
