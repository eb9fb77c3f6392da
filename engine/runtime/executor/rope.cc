// Rotary position embedding (RoPE).
#include "engine/runtime/executor/rope.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace assay::engine {
namespace {

// NTK-aware scaling (https://www.reddit.com/r/LocalLLaMA/comments/14mrgpr) as in transformers.
double DynamicBase(const RopeSpec& spec, int64_t sequence_length) {
  const auto dim = static_cast<double>(spec.dim);
  const double growth =
      static_cast<double>(sequence_length) / static_cast<double>(spec.original_context);
  return spec.base * std::pow(spec.factor * growth - (spec.factor - 1.0), dim / (dim - 2.0));
}

// The scaling of Llama 3.1: wavelengths above original_context / low_freq_factor are multiplied by
// the factor, those below original_context / high_freq_factor stay, and those between are
// interpolated.
at::Tensor Llama3Frequencies(const RopeSpec& spec, const at::Tensor& plain) {
  const auto original = static_cast<double>(spec.original_context);
  const at::Tensor wavelength = 2.0 * M_PI / plain;
  const at::Tensor smooth = (original / wavelength - spec.low_freq_factor) /
                            (spec.high_freq_factor - spec.low_freq_factor);
  const at::Tensor mixed = (1.0 - smooth) * plain / spec.factor + smooth * plain;
  const at::Tensor stretched =
      at::where(wavelength > original / spec.low_freq_factor, plain / spec.factor, mixed);
  return at::where(wavelength < original / spec.high_freq_factor, plain, stretched);
}

// Returns the dimension that makes `rotations` rotations within the trained context
// (arXiv:2309.00071, section 3.2).
double YarnDimension(const RopeSpec& spec, double rotations) {
  return static_cast<double>(spec.dim) *
         std::log(static_cast<double>(spec.original_context) / (rotations * 2.0 * M_PI)) /
         (2.0 * std::log(spec.base));
}

at::Tensor YarnFrequencies(const RopeSpec& spec, const at::Tensor& plain) {
  // The ramp must not have a width of zero.
  constexpr double kMinWidth = 0.001;
  double low = YarnDimension(spec, spec.beta_fast);
  double high = YarnDimension(spec, spec.beta_slow);
  if (spec.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(spec.dim - 1));
  if (low == high) high += kMinWidth;
  const at::Tensor ramp =
      ((at::arange(spec.dim / 2, at::kFloat) - low) / (high - low)).clamp(0.0, 1.0);
  return plain / spec.factor * ramp + plain * (1.0 - ramp);
}

at::Tensor ToTensor(const std::vector<float>& values) {
  return at::tensor(at::ArrayRef<float>(values));
}

}  // namespace

Rope::Rope(const RopeSpec& spec, int64_t context, const at::Tensor& factors,
           const at::TensorOptions& options)
    : spec_(spec),
      options_(options),
      factors_(factors),
      exponents_(at::arange(0, spec.dim, 2, at::kLong).to(at::kFloat) /
                 static_cast<double>(spec.dim)),
      positions_(at::arange(context, at::kFloat)) {
  const RopeAngles angles = Compute(positions_, Frequencies(/*sequence_length=*/0));
  cosine_ = angles.cosine;
  sine_ = angles.sine;
}

at::Tensor Rope::PlainFrequencies(double base) const {
  return at::reciprocal(at::pow(at::Scalar(base), exponents_));
}

at::Tensor Rope::Frequencies(int64_t sequence_length) const {
  const bool beyond = sequence_length > spec_.original_context;
  at::Tensor plain = PlainFrequencies(spec_.base);
  switch (spec_.scaling) {
    case RopeScaling::kNone:
      return factors_.defined() ? plain / factors_ : plain;
    case RopeScaling::kLinear:
      return plain / spec_.factor;
    case RopeScaling::kDynamic:
      return beyond ? PlainFrequencies(DynamicBase(spec_, sequence_length)) : plain;
    case RopeScaling::kLlama3:
      return Llama3Frequencies(spec_, plain);
    case RopeScaling::kYarn:
      return YarnFrequencies(spec_, plain);
    case RopeScaling::kLongRope:
      return plain / ToTensor(beyond ? spec_.long_factors : spec_.short_factors);
  }
  return plain;
}

RopeAngles Rope::Compute(const at::Tensor& positions, const at::Tensor& frequencies) const {
  const at::Tensor angles = at::outer(positions, frequencies);
  const at::Tensor cosine = at::cos(angles) * spec_.attention_factor;
  const at::Tensor sine = at::sin(angles) * spec_.attention_factor;
  return {cosine.repeat({1, 2}).unsqueeze(1).to(options_),
          at::cat({-sine, sine}, -1).unsqueeze(1).to(options_)};
}

RopeAngles Rope::At(const at::Tensor& positions) const {
  return {cosine_.index_select(0, positions), sine_.index_select(0, positions)};
}

RopeAngles Rope::At(int64_t position, int64_t count, int64_t first_length) const {
  if (!depends_on_length()) return ForLength(position, count, first_length);
  const int64_t at_first = std::clamp<int64_t>(first_length - position, 0, count);
  if (at_first == count) return ForLength(position, count, first_length);
  std::vector<at::Tensor> cosines;
  std::vector<at::Tensor> sines;
  const auto append = [&](const RopeAngles& angles) {
    cosines.push_back(angles.cosine);
    sines.push_back(angles.sine);
  };
  if (at_first > 0) append(ForLength(position, at_first, first_length));
  for (int64_t i = at_first; i < count; ++i) append(ForLength(position + i, 1, position + i + 1));
  return {at::cat(cosines), at::cat(sines)};
}

RopeAngles Rope::ForLength(int64_t position, int64_t count, int64_t sequence_length) const {
  if (depends_on_length() && sequence_length > spec_.original_context) {
    return Compute(positions_.narrow(0, position, count), Frequencies(sequence_length));
  }
  return {cosine_.narrow(0, position, count), sine_.narrow(0, position, count)};
}

void Rotate(const at::Tensor& heads, const RopeAngles& angles) {
  const int64_t dim = angles.cosine.size(-1);
  const int64_t half = dim / 2;
  at::Tensor rotated = heads.narrow(-1, 0, dim);
  const at::Tensor swapped = at::cat({heads.narrow(-1, half, half), heads.narrow(-1, 0, half)}, -1);
  rotated.mul_(angles.cosine).addcmul_(swapped, angles.sine);
}

}  // namespace assay::engine
