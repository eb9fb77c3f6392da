// Rotary position embedding.
#include "engine/runtime/rope.h"

#include <ATen/ATen.h>

#include <cstdint>

namespace assay::engine {

Rope::Rope(const LlamaConfig& config, int64_t context, const at::Tensor& factors,
           const at::TensorOptions& options)
    : rope_dim_(config.rope_dim) {
  const at::Tensor exponents =
      at::arange(0, rope_dim_, 2, at::kLong).to(at::kFloat) / static_cast<double>(rope_dim_);
  at::Tensor frequencies = at::reciprocal(at::pow(at::Scalar(config.rope_base), exponents));
  if (factors.defined()) frequencies = frequencies / factors;
  if (config.rope_scale != 1.0) frequencies = frequencies / config.rope_scale;
  const at::Tensor angles = at::outer(at::arange(context, at::kFloat), frequencies);
  const at::Tensor sine = at::sin(angles);
  cosine_ = at::cos(angles).repeat({1, 2}).unsqueeze(1).to(options);
  sine_ = at::cat({-sine, sine}, -1).unsqueeze(1).to(options);
}

RopeAngles Rope::At(int64_t position, int64_t count) const {
  return {cosine_.narrow(0, position, count), sine_.narrow(0, position, count)};
}

at::Tensor Rope::Rotate(const at::Tensor& heads, const RopeAngles& angles) const {
  const int64_t half = rope_dim_ / 2;
  const int64_t rest = heads.size(-1) - rope_dim_;
  const at::Tensor turned = heads.narrow(-1, 0, rope_dim_);
  const at::Tensor swapped = at::cat({heads.narrow(-1, half, half), heads.narrow(-1, 0, half)}, -1);
  at::Tensor rotated = at::addcmul(turned * angles.cosine, swapped, angles.sine);
  if (rest == 0) return rotated;
  return at::cat({rotated, heads.narrow(-1, rope_dim_, rest)}, -1);
}

}  // namespace assay::engine
