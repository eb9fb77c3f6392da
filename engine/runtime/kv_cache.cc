// Keys and values of the tokens of one sequence read so far.
#include "engine/runtime/kv_cache.h"

#include <ATen/ATen.h>

#include <cstdint>

namespace assay::engine {

KvCache::KvCache(const ModelSpec& spec, int64_t context, const at::TensorOptions& options)
    : keys_(at::empty({spec.layers, spec.attention.kv_heads, context, spec.attention.head_dim},
                      options)),
      values_(at::empty_like(keys_)) {}

void KvCache::Write(int64_t layer, int64_t position, const at::Tensor& keys,
                    const at::Tensor& values) {
  const int64_t count = keys.size(0);
  keys_.select(0, layer).narrow(1, position, count).copy_(keys.transpose(0, 1));
  values_.select(0, layer).narrow(1, position, count).copy_(values.transpose(0, 1));
}

at::Tensor KvCache::Keys(int64_t layer, int64_t begin, int64_t end) const {
  return keys_.select(0, layer).narrow(1, begin, end - begin);
}

at::Tensor KvCache::Values(int64_t layer, int64_t begin, int64_t end) const {
  return values_.select(0, layer).narrow(1, begin, end - begin);
}

}  // namespace assay::engine
