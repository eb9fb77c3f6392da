// Keys and values in pages, as libtorch's tensors. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/types/span.h"
#include "engine/architectures/model_spec.h"

namespace assay::engine {

// Where some consecutive tokens of a sequence lie in the cache.
struct KvPlaces {
  int64_t count = 0;
  // Of the first, where they lie one after the other; else -1.
  int64_t first = -1;
  // [count], on the device, where they do not.
  at::Tensor each;
};

// Two tensors [layers, places, kv_heads, head_dim], 32 places a page, allocated once and written in
// place. On the CPU pages become resident as they are written. Not thread-safe. Throws as libtorch
// does.
class KvCache {
 public:
  KvCache(const ModelSpec& spec, int64_t pages, const at::TensorOptions& options);

  // Of the tokens [begin, end) of a sequence with these pages. One small copy to the device if
  // they are not consecutive.
  KvPlaces PlacesOf(absl::Span<const int32_t> pages, int64_t begin, int64_t end) const;

  // keys, values: [places.count, kv_heads, head_dim].
  void Write(int64_t layer, const KvPlaces& places, const at::Tensor& keys,
             const at::Tensor& values);

  // [kv_heads, places.count, head_dim]: views of consecutive places, copies of others.
  at::Tensor Keys(int64_t layer, const KvPlaces& places) const {
    return Read(keys_, layer, places);
  }
  at::Tensor Values(int64_t layer, const KvPlaces& places) const {
    return Read(values_, layer, places);
  }

  int64_t pages() const;
  int64_t Bytes() const { return static_cast<int64_t>(keys_.nbytes() + values_.nbytes()); }

 private:
  static at::Tensor Read(const at::Tensor& cache, int64_t layer, const KvPlaces& places);

  at::Tensor keys_;
  at::Tensor values_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_KV_CACHE_H_
