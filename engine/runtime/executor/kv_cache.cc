// The paged KV cache as a tensor of libtorch.
#include "engine/runtime/executor/kv_cache.h"

#include <ATen/ATen.h>

#include <cstdint>

#include "engine/kernels/kv_pages.h"

namespace assay::engine {

KvCache::KvCache(const ModelSpec& spec, int64_t pages, const at::TensorOptions& options)
    : cache_(at::empty({spec.cache_layers(), pages * kPageTokens, 2 * spec.attention.kv_heads,
                        spec.attention.head_dim},
                       options)) {}

int64_t KvCache::pages() const { return cache_.size(1) / kPageTokens; }

void KvCache::Write(int64_t layer, const at::Tensor& slots, const at::Tensor& keys_and_values) {
  cache_.select(0, layer).index_copy_(0, slots, keys_and_values);
}

at::Tensor KvCache::Read(int64_t layer, const at::Tensor& slots) const {
  return cache_.select(0, layer).index_select(0, slots);
}

}  // namespace assay::engine
