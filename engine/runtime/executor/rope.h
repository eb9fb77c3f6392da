// Rotary position embedding. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_ROPE_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_ROPE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/architectures/model_spec.h"

namespace assay::engine {

// Angles of some positions: [positions, 1, dim] each.
struct RopeAngles {
  at::Tensor cosine;
  // Negated in the first half.
  at::Tensor sine;
};

// Tables of RoFormer (arXiv:2104.09864) in Hugging Face's layout: dimension i turns with i + dim /
// 2, by position * base^(-2i / dim), changed as the spec's scaling says. Computed in fp32 as
// transformers does. Immutable.
class Rope {
 public:
  // `factors` [dim / 2], which may be undefined: divide the frequencies (GGUF's rope_freqs).
  Rope(const RopeSpec& spec, int64_t context, const at::Tensor& factors,
       const at::TensorOptions& options);

  // Of the positions [position, position + count) in a text that began with `first_length` tokens
  // and grew one by one. Some scalings turn differently in texts longer than the model was trained
  // for: each position is turned as in the text that was there when it was first read.
  RopeAngles At(int64_t position, int64_t count, int64_t first_length) const;

  int64_t Bytes() const { return static_cast<int64_t>(cosine_.nbytes() + sine_.nbytes()); }

 private:
  // All in a text of `sequence_length` tokens.
  RopeAngles InText(int64_t position, int64_t count, int64_t sequence_length) const;
  at::Tensor Frequencies(int64_t sequence_length) const;
  RopeAngles Turn(const at::Tensor& positions, const at::Tensor& frequencies) const;

  RopeSpec spec_;
  at::TensorOptions options_;
  at::Tensor factors_;
  at::Tensor cosine_;
  at::Tensor sine_;
};

// heads: [positions, heads, head_dim]; dimensions beyond the angles' pass unchanged.
at::Tensor Rotate(const at::Tensor& heads, const RopeAngles& angles);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_ROPE_H_
