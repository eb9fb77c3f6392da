// Attention over a cache: masks, biases of position, and the product itself. Private to this
// folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/architectures/model_spec.h"

namespace assay::engine {

// What the queries of one chunk may see, the same in every layer of a kind.
struct AttentionMask {
  // First position that any of them sees.
  int64_t begin = 0;
  // Added to the scores: [queries, keys], or [heads, queries, keys] with ALiBi. Undefined: each
  // query sees the keys up to its own position, or (one query) all.
  at::Tensor added;
};

// ALiBi's factors of distance, one a head.
std::vector<float> AlibiSlopes(int64_t heads);

// Makes masks for a model. Immutable.
class AttentionMasks {
 public:
  AttentionMasks(const ModelSpec& spec, const at::TensorOptions& options);

  // For queries at [position, position + count) over a cache that ends with them. windowed: of the
  // layers with a sliding window.
  AttentionMask For(int64_t position, int64_t count, bool windowed) const;

 private:
  at::Tensor Alibi(int64_t position, int64_t count) const;

  const AttentionSpec spec_;
  const bool alibi_;
  const at::TensorOptions options_;
  // [heads, 1, 1], fp32.
  at::Tensor slopes_;
};

// queries: [count, heads, head_dim]; keys, values: [kv_heads, length, head_dim], from mask.begin
// on. Returns [count, heads * head_dim]. Heads that share keys and values are served without
// copying either.
at::Tensor Attend(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                  const at::Tensor& keys, const at::Tensor& values, const AttentionMask& mask);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_
