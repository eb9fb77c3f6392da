// Attention over a KV cache by libtorch: masks, position biases and the product. Private to this
// folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/architectures/model_spec.h"

namespace assay::engine {

// The keys that the queries of one chunk attend to; the same in all layers of a kind.
struct AttentionMask {
  // The first position that any query attends to.
  int64_t begin = 0;
  // Added to the scores: [queries, keys], or [heads, queries, keys] with ALiBi. If it is undefined,
  // each query attends to the keys up to its own position; a single query to all keys.
  at::Tensor added;
};

// Returns the ALiBi slopes, one per head.
std::vector<float> AlibiSlopes(int64_t heads);

// Makes masks for a model. Immutable.
class AttentionMasks {
 public:
  AttentionMasks(const ModelSpec& spec, const at::TensorOptions& options);

  // Returns the mask for the queries at [position, position + count) over a KV cache that ends with
  // them. `windowed` is true for layers with a sliding window.
  AttentionMask For(int64_t position, int64_t count, bool windowed) const;

 private:
  at::Tensor Alibi(int64_t position, int64_t count) const;

  const AttentionSpec spec_;
  const bool alibi_;
  const at::TensorOptions options_;
  // [heads, 1, 1], fp32.
  at::Tensor slopes_;
};

// Computes attention of `queries` [count, heads, head_dim] over `keys` and `values`
// [kv_heads, length, head_dim], which begin at position mask.begin. Returns [count, heads *
// head_dim]. Keys and values that several heads share are not copied.
at::Tensor Attend(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                  const at::Tensor& keys, const at::Tensor& values, const AttentionMask& mask);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_
