// Rotary position embedding. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_ROPE_H_
#define ASSAY_ENGINE_RUNTIME_ROPE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/runtime/llama_config.h"

namespace assay::engine {

// Angles of the positions of one chunk: [positions, 1, rope_dim] each.
struct RopeAngles {
  at::Tensor cosine;
  // Negated in the first half.
  at::Tensor sine;
};

// Tables of RoFormer (arXiv:2104.09864) in Hugging Face's layout: dimension i turns with i +
// rope_dim / 2, by position * base^(-2i / rope_dim) / factor. Computed in fp32 as transformers
// does. Immutable.
class Rope {
 public:
  // `factors` may be undefined.
  Rope(const LlamaConfig& config, int64_t context, const at::Tensor& factors,
       const at::TensorOptions& options);

  RopeAngles At(int64_t position, int64_t count) const;

  // heads: [positions, heads, head_dim]; dimensions beyond rope_dim pass unchanged.
  at::Tensor Rotate(const at::Tensor& heads, const RopeAngles& angles) const;

  int64_t Bytes() const { return static_cast<int64_t>(cosine_.nbytes() + sine_.nbytes()); }

 private:
  int64_t rope_dim_;
  at::Tensor cosine_;
  at::Tensor sine_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_ROPE_H_
