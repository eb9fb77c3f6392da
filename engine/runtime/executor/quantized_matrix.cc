// A weight matrix in 8 or 4 bits.
#include "engine/runtime/executor/quantized_matrix.h"

#include <ATen/ATen.h>

#include <cstdint>

namespace assay::engine {
namespace {

constexpr double kMaxInt8 = 127.0;
constexpr double kMaxInt4 = 15.0;
constexpr double kInt4Middle = 8.0;
// The bytes of a scale, which is bfloat16 or float16.
constexpr int64_t kScaleBytes = 2;

}  // namespace

bool QuantizedMatrix::Supports(int64_t in, WeightBits bits) {
  return (bits == WeightBits::kInt8 || bits == WeightBits::kInt4) && in % kGroup == 0;
}

int64_t QuantizedMatrix::BytesOf(int64_t out, int64_t in, WeightBits bits) {
  if (bits == WeightBits::kInt8) return out * in + out * kScaleBytes;
  return out * in / 2 + 2 * kScaleBytes * out * in / kGroup;
}

QuantizedMatrix::QuantizedMatrix(const at::Tensor& weight, WeightBits bits)
    : bits_(bits), out_(weight.size(0)), in_(weight.size(1)) {
  const at::Tensor floats = weight.to(at::kFloat);
  if (bits == WeightBits::kInt8) {
    // With the minimum a row of zeros stays zero.
    const at::Tensor scales = floats.abs().amax(1).div_(kMaxInt8).clamp_min_(1e-12);
    values_ = floats.div(scales.unsqueeze(1)).round_().to(at::kChar);
    scales_ = scales.to(weight.scalar_type());
    return;
  }
  const at::Tensor groups = floats.view({out_, in_ / kGroup, kGroup});
  const at::Tensor minimum = groups.amin(2, /*keepdim=*/true);
  const at::Tensor scale =
      (groups.amax(2, /*keepdim=*/true) - minimum).div_(kMaxInt4).clamp_min_(1e-12);
  const at::Tensor steps =
      (groups - minimum).div_(scale).round_().clamp_(0, kMaxInt4).to(at::kInt).view({out_, in_});
  const at::Tensor middle = minimum + scale * kInt4Middle;
  scales_ = at::cat({scale, middle}, 2).transpose(0, 1).contiguous().to(weight.scalar_type());
  const at::Tensor pairs = steps.to(at::kByte).view({out_, in_ / 2, 2});
  values_ = pairs.select(2, 0).bitwise_or(pairs.select(2, 1).bitwise_left_shift(4));
}

at::Tensor QuantizedMatrix::Expanded(at::ScalarType dtype) const {
  if (bits_ == WeightBits::kInt8) return values_.to(dtype) * scales_.unsqueeze(1).to(dtype);
  const at::Tensor low = values_.bitwise_and(0xF);
  const at::Tensor high = values_.bitwise_right_shift(4);
  const at::Tensor steps =
      at::stack({low, high}, 2).view({out_, in_ / kGroup, kGroup}).to(dtype) - kInt4Middle;
  const at::Tensor scales = scales_.to(dtype).transpose(0, 1);
  return (steps * scales.narrow(2, 0, 1) + scales.narrow(2, 1, 1)).view({out_, in_});
}

at::Tensor QuantizedMatrix::Multiply(const at::Tensor& input) const {
  return at::linear(input, Expanded(input.scalar_type()));
}

}  // namespace assay::engine
