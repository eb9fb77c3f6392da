// Products of activations and weights on the CPU.
#include "engine/kernels/matrix_product.h"

#include <cstddef>
#include <cstdint>
#include <string>

#ifdef ASSAY_ARM_DOT_PRODUCTS
#include "engine/kernels/arm_dot_products.h"
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/matrix_product.cc"
#include "hwy/foreach_target.h"
// These must follow foreach_target.h.
#include "engine/kernels/kernel_namespace-inl.h"
#include "engine/kernels/quantized_product-inl.h"
#include "hwy/highway.h"

ASSAY_BEFORE_KERNELS();
namespace assay::engine::HWY_NAMESPACE {
namespace {

template <PackedType kType, int kRows>
HWY_INLINE void FloatTile(const std::byte* values, int64_t columns, const FloatRows& input,
                          const TileOut& out) {
  const Floats df;
  FloatVec sums[kRows];
  for (int r = 0; r < kRows; ++r) sums[r] = hn::Zero(df);
  for (int64_t k = 0; k < columns; ++k) {
    FloatVec weights;
    if constexpr (kType == PackedType::kFloat32) {
      weights = hn::LoadU(df, reinterpret_cast<const float*>(values) + k * kPanelRows);
    } else if constexpr (kType == PackedType::kFloat16) {
      weights = LoadHalves(reinterpret_cast<const uint16_t*>(values) + k * kPanelRows);
    } else {
      const hn::Rebind<hwy::bfloat16_t, Floats> dh;
      weights = hn::PromoteTo(
          df, hn::LoadU(dh, reinterpret_cast<const hwy::bfloat16_t*>(values) + k * kPanelRows));
    }
    for (int r = 0; r < kRows; ++r) {
      sums[r] = hn::MulAdd(weights, hn::Set(df, input.row(r)[k]), sums[r]);
    }
  }
  for (int r = 0; r < kRows; ++r) StoreLanes(sums[r], out.rows.row(r), out.lanes);
}

template <PackedType kType>
struct FloatTiles {
  const std::byte* values;
  int64_t columns;
  const FloatRows& input;

  template <int kRows>
  HWY_INLINE void Run(int64_t part, int64_t row, const TileOut& out) const {
    constexpr int64_t kBytes = kType == PackedType::kFloat32 ? 4 : 2;
    FloatTile<kType, kRows>(values + part * kLanes * kBytes, columns,
                            {.data = input.row(row), .stride = input.stride}, out);
  }
};

template <PackedType kType>
void FloatPanels(const PackedMatrix& weights, int64_t begin, int64_t end, const FloatRows& input,
                 int64_t rows, const FloatRows& out) {
  for (int64_t panel = begin; panel < end; ++panel) {
    const FloatTiles<kType> tiles{
        .values = weights.PanelValues(panel), .columns = weights.columns(), .input = input};
    OverPanel(weights, panel, 0, rows, out, tiles);
  }
}

void Floating(const PackedMatrix& weights, int64_t begin, int64_t end, const FloatRows& input,
              int64_t rows, const FloatRows& out) {
  switch (weights.type()) {
    case PackedType::kFloat32:
      return FloatPanels<PackedType::kFloat32>(weights, begin, end, input, rows, out);
    case PackedType::kFloat16:
      return FloatPanels<PackedType::kFloat16>(weights, begin, end, input, rows, out);
    default:
      return FloatPanels<PackedType::kBFloat16>(weights, begin, end, input, rows, out);
  }
}

HWY_INLINE float QuantizeGroup(const float* values, int8_t* codes, int32_t* sum) {
  constexpr float kMaxCode = 127.0F;
  const Floats df;
  const Ints di;
  const hn::Rebind<int8_t, Ints> d8;
  FloatVec max = hn::Zero(df);
  for (int64_t i = 0; i < kGroup; i += kLanes) {
    max = hn::Max(max, hn::Abs(hn::LoadU(df, values + i)));
  }
  const float scale = hn::GetLane(hn::MaxOfLanes(df, max)) / kMaxCode;
  const FloatVec inverse = hn::Set(df, scale == 0.0F ? 0.0F : 1.0F / scale);
  IntVec sums = hn::Zero(di);
  for (int64_t i = 0; i < kGroup; i += kLanes) {
    const IntVec rounded = hn::NearestInt(hn::Mul(hn::LoadU(df, values + i), inverse));
    sums = hn::Add(sums, rounded);
    hn::StoreU(hn::DemoteTo(d8, rounded), d8, codes + i);
  }
  *sum = hn::GetLane(hn::SumOfLanes(di, sums));
  return scale;
}

void QuantizeGroups(const float* values, int64_t groups, int64_t row, QuantizedTile* tiles) {
  for (int64_t group = 0; group < groups; ++group) {
    QuantizedTile& tile = tiles[group];
    const float scale = QuantizeGroup(values + group * kGroup, tile.codes[row], &tile.sums[row]);
    tile.scales[row] = scale;
    tile.scaled_sums[row] = scale * static_cast<float>(tile.sums[row]);
  }
}

std::string TargetName() { return hwy::TargetName(HWY_TARGET); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace assay::engine {

HWY_EXPORT(Quantized);
HWY_EXPORT(Floating);
HWY_EXPORT(QuantizeGroups);
HWY_EXPORT(TargetName);

void MultiplyQuantized(const PackedMatrix& weights, int64_t panel_begin, int64_t panel_end,
                       const QuantizedRows& input, int64_t rows, const FloatRows& out) {
#ifdef ASSAY_ARM_DOT_PRODUCTS
  if (HasDotProducts()) {
    return MultiplyByDotProducts(weights, panel_begin, panel_end, input, rows, out);
  }
#endif
  HWY_DYNAMIC_DISPATCH(Quantized)(weights, panel_begin, panel_end, input, rows, out);
}

void MultiplyFloats(const PackedMatrix& weights, int64_t panel_begin, int64_t panel_end,
                    const FloatRows& input, int64_t rows, const FloatRows& out) {
  HWY_DYNAMIC_DISPATCH(Floating)(weights, panel_begin, panel_end, input, rows, out);
}

void QuantizeActivations(const float* values, int64_t groups, int64_t row, QuantizedTile* tiles) {
  HWY_DYNAMIC_DISPATCH(QuantizeGroups)(values, groups, row, tiles);
}

std::string KernelTarget() {
  const std::string target = HWY_DYNAMIC_DISPATCH(TargetName)();
#ifdef ASSAY_ARM_DOT_PRODUCTS
  if (HasDotProducts()) return target + "+dotprod";
#endif
  return target;
}

}  // namespace assay::engine
#endif  // HWY_ONCE
