// Vectors of floats and their functions for the instruction set that is being compiled. Included
// once for each target (Highway's foreach_target.h).
#if defined(ASSAY_ENGINE_KERNELS_ROW_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ASSAY_ENGINE_KERNELS_ROW_MATH_INL_H_
#undef ASSAY_ENGINE_KERNELS_ROW_MATH_INL_H_
#else
#define ASSAY_ENGINE_KERNELS_ROW_MATH_INL_H_
#endif

#include <cstdint>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace assay::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using RowTag = hn::CappedTag<float, 16>;
using RowVec = hn::Vec<RowTag>;

// Returns exp(x) for x <= 0 with a relative error of at most 3e-7; 0 below -87, where fp32 loses
// precision. NaN stays NaN.
HWY_INLINE RowVec ExpOfNegative(RowVec x) {
  const RowTag d;
  const hn::RebindToSigned<RowTag> di;
  constexpr float kLog2E = 1.44269504088896341F;
  // Adding this rounds to a whole number, whose value is then in the low bits.
  constexpr float kRounder = 12582912.0F;
  constexpr int kMantissaBits = 23;
  const RowVec log2e = hn::Set(d, kLog2E);
  const RowVec shifted = hn::MulAdd(x, log2e, hn::Set(d, kRounder));
  const RowVec whole = hn::Sub(shifted, hn::Set(d, kRounder));
  const RowVec rest = hn::MulSub(x, log2e, whole);
  // 2^rest for |rest| <= 1/2 by its Taylor series, with coefficients ln(2)^n / n!.
  RowVec power = hn::Set(d, 1.5403530e-4F);
  power = hn::MulAdd(power, rest, hn::Set(d, 1.3333558e-3F));
  power = hn::MulAdd(power, rest, hn::Set(d, 9.6181291e-3F));
  power = hn::MulAdd(power, rest, hn::Set(d, 5.5504109e-2F));
  power = hn::MulAdd(power, rest, hn::Set(d, 0.24022651F));
  power = hn::MulAdd(power, rest, hn::Set(d, 0.69314718F));
  power = hn::MulAdd(power, rest, hn::Set(d, 1.0F));
  const auto exponent = hn::ShiftLeft<kMantissaBits>(hn::BitCast(di, shifted));
  const RowVec scaled = hn::BitCast(d, hn::Add(hn::BitCast(di, power), exponent));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.0F)), scaled);
}

HWY_INLINE RowVec TanhOf(RowVec x) {
  const RowTag d;
  const RowVec one = hn::Set(d, 1.0F);
  // For larger values the quotient below is 1 in fp32.
  const RowVec bounded = hn::Max(hn::Min(x, hn::Set(d, 10.0F)), hn::Set(d, -10.0F));
  const RowVec power = hn::Exp(d, hn::Add(bounded, bounded));
  return hn::Div(hn::Sub(power, one), hn::Add(power, one));
}

HWY_INLINE RowVec ErfOf(RowVec x) {
  const RowTag d;
  const RowVec one = hn::Set(d, 1.0F);
  const RowVec size = hn::Abs(x);
  const RowVec t = hn::Div(one, hn::MulAdd(hn::Set(d, 0.3275911F), size, one));
  RowVec sum = hn::Set(d, 1.061405429F);
  sum = hn::MulAdd(sum, t, hn::Set(d, -1.453152027F));
  sum = hn::MulAdd(sum, t, hn::Set(d, 1.421413741F));
  sum = hn::MulAdd(sum, t, hn::Set(d, -0.284496736F));
  sum = hn::MulAdd(sum, t, hn::Set(d, 0.254829592F));
  const RowVec rest = hn::Mul(hn::Mul(sum, t), hn::Exp(d, hn::Neg(hn::Mul(size, size))));
  return hn::CopySignToAbs(hn::Sub(one, rest), x);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ASSAY_ENGINE_KERNELS_ROW_MATH_INL_H_
