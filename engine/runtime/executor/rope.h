// Rotary position embedding (RoPE). Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_ROPE_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_ROPE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/architectures/model_spec.h"

namespace assay::engine {

// The cosines and sines of the angles of some positions, [positions, 1, dim] each.
struct RopeAngles {
  at::Tensor cosine;
  // The first half of the dimensions is negated.
  at::Tensor sine;
};

// The tables of RoFormer (arXiv:2104.09864) in Hugging Face's layout: dimension i is rotated with
// dimension i + dim / 2 by position * base^(-2i / dim), modified by the scaling of the spec.
// Computed in fp32 as transformers does. Immutable.
class Rope {
 public:
  // `factors`, [dim / 2], divide the frequencies (rope_freqs in GGUF); may be undefined.
  Rope(const RopeSpec& spec, int64_t context, const at::Tensor& factors,
       const at::TensorOptions& options);

  // True if the angles of a position depend on the length of its sequence.
  bool depends_on_length() const { return spec_.depends_on_length(); }

  // Returns the angles of `positions`, [rows], on the device. Must not be called if they depend on
  // the length.
  RopeAngles At(const at::Tensor& positions) const;

  // Returns the angles of the positions [position, position + count) in a sequence that began with
  // `first_length` tokens and grew one by one. Some scalings have other angles in sequences longer
  // than the trained context: each position then has the angles of the sequence as it was when the
  // position was first computed.
  RopeAngles At(int64_t position, int64_t count, int64_t first_length) const;

  int64_t Bytes() const { return static_cast<int64_t>(cosine_.nbytes() + sine_.nbytes()); }

 private:
  // Returns the angles for a sequence of `sequence_length` tokens.
  RopeAngles ForLength(int64_t position, int64_t count, int64_t sequence_length) const;
  // Returns base^(-2i / dim), [dim / 2].
  at::Tensor PlainFrequencies(double base) const;
  at::Tensor Frequencies(int64_t sequence_length) const;
  RopeAngles Compute(const at::Tensor& positions, const at::Tensor& frequencies) const;

  RopeSpec spec_;
  at::TensorOptions options_;
  at::Tensor factors_;
  // 2i / dim, [dim / 2], and the positions of the context, both fp32 on the CPU.
  at::Tensor exponents_;
  at::Tensor positions_;
  at::Tensor cosine_;
  at::Tensor sine_;
};

// Rotates `heads`, [rows, heads, head_dim], in place. Dimensions beyond those of the angles stay.
void Rotate(const at::Tensor& heads, const RopeAngles& angles);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_ROPE_H_
