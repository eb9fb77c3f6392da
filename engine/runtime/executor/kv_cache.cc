// The paged KV cache as tensors of libtorch.
#include "engine/runtime/executor/kv_cache.h"

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/kernels/kv_pages.h"

namespace assay::engine {

KvCache::KvCache(const ModelSpec& spec, int64_t pages, const at::TensorOptions& options)
    : keys_(at::empty(
          {spec.layers, pages * kPageTokens, spec.attention.kv_heads, spec.attention.head_dim},
          options)),
      values_(at::empty_like(keys_)) {}

int64_t KvCache::pages() const { return keys_.size(1) / kPageTokens; }

KvSlots KvCache::SlotsOf(absl::Span<const int32_t> pages, int64_t begin, int64_t end) const {
  KvSlots slots{.count = end - begin};
  std::vector<int64_t> each;
  each.reserve(static_cast<size_t>(slots.count));
  bool consecutive = true;
  for (int64_t t = begin; t < end; ++t) {
    each.push_back(pages[static_cast<size_t>(t / kPageTokens)] * kPageTokens + t % kPageTokens);
    consecutive = consecutive && each.back() == each.front() + (t - begin);
  }
  if (consecutive) {
    slots.first = each.front();
  } else {
    slots.each = at::tensor(each).to(keys_.device());
  }
  return slots;
}

void KvCache::Write(int64_t layer, const KvSlots& slots, const at::Tensor& keys,
                    const at::Tensor& values) {
  for (const auto& [cache, from] : {std::pair(&keys_, &keys), std::pair(&values_, &values)}) {
    at::Tensor layer_cache = cache->select(0, layer);
    if (slots.first >= 0) {
      layer_cache.narrow(0, slots.first, slots.count).copy_(*from);
    } else {
      layer_cache.index_copy_(0, slots.each, from->to(layer_cache.scalar_type()));
    }
  }
}

at::Tensor KvCache::Read(const at::Tensor& cache, int64_t layer, const KvSlots& slots) {
  const at::Tensor layer_cache = cache.select(0, layer);
  const at::Tensor read = slots.first >= 0 ? layer_cache.narrow(0, slots.first, slots.count)
                                           : layer_cache.index_select(0, slots.each);
  return read.transpose(0, 1);
}

}  // namespace assay::engine
