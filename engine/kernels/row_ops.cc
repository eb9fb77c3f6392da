// The element-wise operations of a transformer on one row, on the CPU in fp32.
#include "engine/kernels/row_ops.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "engine/kernels/narrow_floats.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/row_ops.cc"
#include "hwy/foreach_target.h"
// These must follow foreach_target.h.
#include "engine/kernels/row_math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace assay::engine::HWY_NAMESPACE {
namespace {

constexpr int64_t kLanes = static_cast<int64_t>(HWY_MIN(HWY_LANES(float), 16));

// out[i] = change(inputs at i), vector by vector. The rest of a row goes through a padded copy.
template <typename Change, typename... Inputs>
HWY_INLINE void ForRow(int64_t count, float* out, const Change& change, const Inputs*... inputs) {
  const RowTag d;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(change(hn::LoadU(d, inputs + i)...), d, out + i);
  }
  if (i == count) return;
  const auto padded = [&](const float* from) {
    HWY_ALIGN float lanes[kLanes] = {};
    for (int64_t j = i; j < count; ++j) lanes[j - i] = from[j];
    return hn::Load(d, lanes);
  };
  HWY_ALIGN float result[kLanes];
  hn::Store(change(padded(inputs)...), d, result);
  for (int64_t j = i; j < count; ++j) out[j] = result[j - i];
}

// Returns the sum of term(vector) over a row.
template <typename Term>
HWY_INLINE float SumOverRow(const float* row, int64_t count, const Term& term) {
  const RowTag d;
  RowVec sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sum = hn::Add(sum, term(hn::LoadU(d, row + i)));
  if (i < count) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(count - i));
    HWY_ALIGN float lanes[kLanes] = {};
    for (int64_t j = i; j < count; ++j) lanes[j - i] = row[j];
    sum = hn::Add(sum, hn::IfThenElseZero(mask, term(hn::Load(d, lanes))));
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// out = row * scale * weight + bias.
HWY_INLINE void Scaled(const float* row, const float* weight, const float* bias, float scale,
                       int64_t count, float* out) {
  const RowTag d;
  const RowVec factor = hn::Set(d, scale);
  if (weight == nullptr) {
    ForRow(count, out, [&](RowVec x) { return hn::Mul(x, factor); }, row);
  } else if (bias == nullptr) {
    ForRow(
        count, out, [&](RowVec x, RowVec w) { return hn::Mul(hn::Mul(x, factor), w); }, row,
        weight);
  } else {
    ForRow(
        count, out,
        [&](RowVec x, RowVec w, RowVec b) { return hn::MulAdd(hn::Mul(x, factor), w, b); }, row,
        weight, bias);
  }
}

void Rms(const float* row, const float* weight, int64_t count, float epsilon, float* out) {
  const float squares = SumOverRow(row, count, [](RowVec x) { return hn::Mul(x, x); });
  const float mean = squares / static_cast<float>(count);
  Scaled(row, weight, /*bias=*/nullptr, 1.0F / std::sqrt(mean + epsilon), count, out);
}

void Layer(const float* row, const float* weight, const float* bias, int64_t count, float epsilon,
           float* out) {
  const RowTag d;
  const float mean = SumOverRow(row, count, [](RowVec x) { return x; }) / static_cast<float>(count);
  const RowVec center = hn::Set(d, mean);
  const float squares = SumOverRow(row, count, [&](RowVec x) {
    const RowVec from_center = hn::Sub(x, center);
    return hn::Mul(from_center, from_center);
  });
  const float scale = 1.0F / std::sqrt(squares / static_cast<float>(count) + epsilon);
  ForRow(count, out, [&](RowVec x) { return hn::Sub(x, center); }, row);
  Scaled(out, weight, bias, scale, count, out);
}

template <typename Function>
HWY_INLINE void Apply(const float* row, const float* factor, int64_t count, float* out,
                      const Function& function) {
  if (factor == nullptr) return ForRow(count, out, function, row);
  ForRow(count, out, [&](RowVec x, RowVec f) { return hn::Mul(function(x), f); }, row, factor);
}

void Activation(RowActivation activation, const float* row, const float* factor, int64_t count,
                float* out) {
  const RowTag d;
  const RowVec one = hn::Set(d, 1.0F);
  const RowVec half = hn::Set(d, 0.5F);
  switch (activation) {
    case RowActivation::kSilu:
      return Apply(row, factor, count, out, [&](RowVec x) {
        // Highway's Exp() is wrong if the result exceeds fp32.
        const RowVec power = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 88.0F)));
        return hn::Div(x, hn::Add(one, power));
      });
    case RowActivation::kGelu:
      return Apply(row, factor, count, out, [&](RowVec x) {
        const RowVec erf = ErfOf(hn::Mul(x, hn::Set(d, 0.70710678F)));
        return hn::Mul(hn::Mul(x, half), hn::Add(one, erf));
      });
    case RowActivation::kGeluTanh:
      return Apply(row, factor, count, out, [&](RowVec x) {
        const RowVec cubed = hn::Mul(hn::Mul(x, x), x);
        const RowVec inner = hn::MulAdd(cubed, hn::Set(d, 0.044715F), x);
        const RowVec tanh = TanhOf(hn::Mul(inner, hn::Set(d, 0.79788456F)));
        return hn::Mul(hn::Mul(x, half), hn::Add(one, tanh));
      });
    case RowActivation::kRelu:
      return Apply(row, factor, count, out, [&](RowVec x) { return hn::Max(x, hn::Zero(d)); });
  }
}

void Add(const float* addend, int64_t count, float* row) {
  ForRow(count, row, [](RowVec x, RowVec y) { return hn::Add(x, y); }, row, addend);
}

void Cap(float cap, int64_t count, float* row) {
  const RowTag d;
  const RowVec limit = hn::Set(d, cap);
  const RowVec inverse = hn::Set(d, 1.0F / cap);
  ForRow(count, row, [&](RowVec x) { return hn::Mul(limit, TanhOf(hn::Mul(x, inverse))); }, row);
}

void Rotate(const float* cosines, const float* sines, int64_t half, float* head) {
  const RowTag d;
  int64_t i = 0;
  for (; i + kLanes <= half; i += kLanes) {
    const RowVec cosine = hn::LoadU(d, cosines + i);
    const RowVec sine = hn::LoadU(d, sines + i);
    const RowVec first = hn::LoadU(d, head + i);
    const RowVec second = hn::LoadU(d, head + half + i);
    hn::StoreU(hn::NegMulAdd(second, sine, hn::Mul(first, cosine)), d, head + i);
    hn::StoreU(hn::MulAdd(first, sine, hn::Mul(second, cosine)), d, head + half + i);
  }
  for (; i < half; ++i) {
    const float first = head[i];
    const float second = head[half + i];
    head[i] = first * cosines[i] - second * sines[i];
    head[half + i] = first * sines[i] + second * cosines[i];
  }
}

int64_t Argmax(const float* row, int64_t count) {
  const RowTag d;
  constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
  const RowVec min = hn::Set(d, kMinusInfinity);
  RowVec max = min;
  // A lane that meets NaN keeps it. The maximum may lose NaN.
  RowVec check = hn::Zero(d);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const RowVec x = hn::LoadU(d, row + i);
    // The comparison is false for NaN.
    max = hn::IfThenElse(hn::Gt(x, max), x, max);
    check = hn::IfThenElse(hn::Eq(x, x), check, x);
  }
  float largest = hn::GetLane(hn::MaxOfLanes(d, max));
  bool has_nan = !hn::AllTrue(d, hn::Eq(check, check));
  for (; i < count; ++i) {
    if (row[i] > largest) largest = row[i];
    has_nan = has_nan || std::isnan(row[i]);
  }
  if (has_nan || largest == kMinusInfinity) return -1;
  const RowVec target = hn::Set(d, largest);
  for (i = 0; i + kLanes <= count; i += kLanes) {
    if (!hn::AllFalse(d, hn::Eq(hn::LoadU(d, row + i), target))) break;
  }
  while (row[i] != largest) ++i;
  return i;
}

double Exponentials(const float* row, int64_t count, float max, float factor, float* out) {
  // The number of values that are summed in fp32 before they are added to the total.
  constexpr int64_t kBlock = 512;
  const RowTag d;
  const RowVec top = hn::Set(d, max);
  const RowVec scale = hn::Set(d, factor);
  double total = 0.0;
  int64_t i = 0;
  while (i + kLanes <= count) {
    RowVec sum = hn::Zero(d);
    const int64_t end = HWY_MIN(count, i + kBlock);
    for (; i + kLanes <= end; i += kLanes) {
      const RowVec x = hn::LoadU(d, row + i);
      const RowVec weight =
          hn::IfThenElseZero(hn::Eq(x, x), hn::Exp(d, hn::Mul(hn::Sub(x, top), scale)));
      hn::StoreU(weight, d, out + i);
      sum = hn::Add(sum, weight);
    }
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
  }
  for (; i < count; ++i) {
    out[i] = std::isnan(row[i]) ? 0.0F : std::exp((row[i] - max) * factor);
    total += static_cast<double>(out[i]);
  }
  return total;
}

void Halves(const float* row, int64_t count, uint16_t* out) {
  const RowTag d;
  const hn::Rebind<hwy::float16_t, RowTag> dh;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(hn::DemoteTo(dh, hn::LoadU(d, row + i)), dh,
               reinterpret_cast<hwy::float16_t*>(out + i));
  }
  for (; i < count; ++i) out[i] = HalfFromFloat(row[i]);
}

float Bytes(const float* row, int64_t count, int8_t* out) {
  constexpr float kLargest = 127.0F;
  // The inverse of a smaller value overflows.
  constexpr float kMinAbsmax = 1e-36F;
  const RowTag d;
  const hn::Rebind<int8_t, RowTag> db;
  RowVec max = hn::Zero(d);
  // Becomes NaN if an element is not finite, which the maximum may lose.
  RowVec check = hn::Zero(d);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const RowVec x = hn::LoadU(d, row + i);
    max = hn::Max(max, hn::Abs(x));
    check = hn::MulAdd(x, hn::Zero(d), check);
  }
  float absmax = hn::GetLane(hn::MaxOfLanes(d, max));
  float bad = hn::GetLane(hn::SumOfLanes(d, check));
  for (; i < count; ++i) {
    absmax = std::max(absmax, std::abs(row[i]));
    bad += row[i] * 0.0F;
  }
  if (std::isnan(bad) || absmax < kMinAbsmax) {
    std::fill_n(out, count, int8_t{0});
    return std::isnan(bad) ? bad : 0.0F;
  }
  const float inverse = kLargest / absmax;
  const RowVec factor = hn::Set(d, inverse);
  for (i = 0; i + kLanes <= count; i += kLanes) {
    const auto whole = hn::NearestInt(hn::Mul(hn::LoadU(d, row + i), factor));
    hn::StoreU(hn::DemoteTo(db, whole), db, out + i);
  }
  for (; i < count; ++i) out[i] = static_cast<int8_t>(std::lrint(row[i] * inverse));
  return absmax / kLargest;
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace assay::engine {

HWY_EXPORT(Rms);
HWY_EXPORT(Layer);
HWY_EXPORT(Activation);
HWY_EXPORT(Add);
HWY_EXPORT(Cap);
HWY_EXPORT(Rotate);
HWY_EXPORT(Halves);
HWY_EXPORT(Bytes);
HWY_EXPORT(Argmax);
HWY_EXPORT(Exponentials);

void RmsNorm(const float* row, const float* weight, int64_t count, float epsilon, float* out) {
  HWY_DYNAMIC_DISPATCH(Rms)(row, weight, count, epsilon, out);
}

void LayerNorm(const float* row, const float* weight, const float* bias, int64_t count,
               float epsilon, float* out) {
  HWY_DYNAMIC_DISPATCH(Layer)(row, weight, bias, count, epsilon, out);
}

void Activate(RowActivation activation, const float* row, const float* factor, int64_t count,
              float* out) {
  HWY_DYNAMIC_DISPATCH(Activation)(activation, row, factor, count, out);
}

void AddRow(const float* addend, int64_t count, float* row) {
  HWY_DYNAMIC_DISPATCH(Add)(addend, count, row);
}

void CapRow(float cap, int64_t count, float* row) { HWY_DYNAMIC_DISPATCH(Cap)(cap, count, row); }

int64_t ArgmaxOfRow(const float* row, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(Argmax)(row, count);
}

double ExpOfRow(const float* row, int64_t count, float max, float factor, float* out) {
  return HWY_DYNAMIC_DISPATCH(Exponentials)(row, count, max, factor, out);
}

void HalvesOfRow(const float* row, int64_t count, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(Halves)(row, count, out);
}

float BytesOfRow(const float* row, int64_t count, int8_t* out) {
  return HWY_DYNAMIC_DISPATCH(Bytes)(row, count, out);
}

void RotateHalves(const float* cosines, const float* sines, int64_t half, float* head) {
  HWY_DYNAMIC_DISPATCH(Rotate)(cosines, sines, half, head);
}

}  // namespace assay::engine
#endif  // HWY_ONCE
