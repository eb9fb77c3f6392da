// Keys and values in pages, as libtorch's tensors.
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

KvPlaces KvCache::PlacesOf(absl::Span<const int32_t> pages, int64_t begin, int64_t end) const {
  KvPlaces places{.count = end - begin};
  std::vector<int64_t> each;
  each.reserve(static_cast<size_t>(places.count));
  bool consecutive = true;
  for (int64_t t = begin; t < end; ++t) {
    each.push_back(pages[static_cast<size_t>(t / kPageTokens)] * kPageTokens + t % kPageTokens);
    consecutive = consecutive && each.back() == each.front() + (t - begin);
  }
  if (consecutive) {
    places.first = each.front();
  } else {
    places.each = at::tensor(each).to(keys_.device());
  }
  return places;
}

void KvCache::Write(int64_t layer, const KvPlaces& places, const at::Tensor& keys,
                    const at::Tensor& values) {
  for (const auto& [cache, from] : {std::pair(&keys_, &keys), std::pair(&values_, &values)}) {
    at::Tensor of_layer = cache->select(0, layer);
    if (places.first >= 0) {
      of_layer.narrow(0, places.first, places.count).copy_(*from);
    } else {
      of_layer.index_copy_(0, places.each, from->to(of_layer.scalar_type()));
    }
  }
}

at::Tensor KvCache::Read(const at::Tensor& cache, int64_t layer, const KvPlaces& places) {
  const at::Tensor of_layer = cache.select(0, layer);
  const at::Tensor read = places.first >= 0 ? of_layer.narrow(0, places.first, places.count)
                                            : of_layer.index_select(0, places.each);
  return read.transpose(0, 1);
}

}  // namespace assay::engine
