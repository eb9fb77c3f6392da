// Attention of several sequences at once by libtorch: masks, position biases and the product.
// Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/architectures/model_spec.h"

namespace assay::engine {

// Returns the ALiBi slopes, one per head.
std::vector<float> AlibiSlopes(int64_t heads);

// Makes masks for a model on its device. Immutable.
class AttentionMasks {
 public:
  // `max_keys` is the maximum number of keys of a mask.
  AttentionMasks(const ModelSpec& spec, int64_t max_keys, const at::TensorOptions& options);

  // Returns what is added to the scores of queries at `positions`, [sequences, tokens], over `keys`
  // keys of each sequence, which have the positions from `begins`, [sequences], on:
  // [sequences, 1 or kv_heads, heads / kv_heads * tokens, keys]. A later key than the query's own
  // is hidden, except in encoders, where a sequence's chunk has all its tokens; for layers with a
  // sliding window also a key before the window. The mask is always
  // explicit: on MPS is_causal shows future tokens to some queries (pytorch issue 195910).
  at::Tensor For(const at::Tensor& positions, const at::Tensor& begins, int64_t keys,
                 bool windowed) const;

 private:
  // Returns the position biases, fp32, [sequences, heads, 1, keys].
  at::Tensor Alibi(const at::Tensor& last, const at::Tensor& key_positions) const;

  const AttentionSpec spec_;
  const bool alibi_;
  // True for encoders.
  const bool shows_later_;
  const at::TensorOptions options_;
  // 0, 1, 2, ..., [max_keys], int64. A copy from the CPU: arange is not safe on MPS beside other
  // threads (pytorch issue 197805).
  at::Tensor indices_;
  // [heads, 1, 1], fp32.
  at::Tensor slopes_;
};

// Compute attention of `queries`, [sequences * tokens, heads, head_dim], over `cached`,
// [sequences, keys, 2 * kv_heads, head_dim], keys before values, with a mask of AttentionMasks.
// Return [sequences * tokens, heads * head_dim]. Keys and values that several heads share are not
// copied: those heads are rows of one product. AttendFused() needs a model without a cap on its
// scores; AttendPlainly() computes products and a softmax.
at::Tensor AttendFused(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                       const at::Tensor& cached, const at::Tensor& mask);
at::Tensor AttendPlainly(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                         const at::Tensor& cached, const at::Tensor& mask);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_ATTENTION_H_
