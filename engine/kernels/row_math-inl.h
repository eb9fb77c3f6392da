// Vectors of floats and functions of them, for the instruction set that is being compiled. Included
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

HWY_INLINE RowVec TanhOf(RowVec x) {
  const RowTag d;
  const RowVec one = hn::Set(d, 1.0F);
  // Beyond it the quotient below is 1 in fp32.
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
