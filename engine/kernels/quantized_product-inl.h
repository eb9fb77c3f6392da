// Products of activations and quantized weights for the instruction set that is being compiled.
// Included once for each target (Highway's foreach_target.h).
#if defined(ASSAY_ENGINE_KERNELS_QUANTIZED_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ASSAY_ENGINE_KERNELS_QUANTIZED_PRODUCT_INL_H_
#undef ASSAY_ENGINE_KERNELS_QUANTIZED_PRODUCT_INL_H_
#else
#define ASSAY_ENGINE_KERNELS_QUANTIZED_PRODUCT_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/activations.h"
#include "engine/kernels/dot_quads-inl.h"
#include "engine/kernels/kernel_namespace-inl.h"
#include "engine/kernels/matrix_product.h"
#include "engine/kernels/packed_matrix.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

ASSAY_BEFORE_KERNELS();
namespace assay::engine::HWY_NAMESPACE {
// A target may be compiled twice with different instructions: neither may link to the other's code.
// NOLINTNEXTLINE(google-build-namespaces)
namespace {

using FloatVec = hn::Vec<Floats>;

constexpr int64_t kLanes = static_cast<int64_t>(HWY_MIN(HWY_LANES(int32_t), 16));
constexpr int64_t kParts = kPanelRows / kLanes;
constexpr int64_t kQuads = kGroup / kQuad;
constexpr int64_t kPanelQuadBytes = kPanelRows * kQuad;
// The number of rows of activations that share the weights in registers, as many as 32 or 16
// registers hold.
constexpr int kMaxTile = kLanes == 16 || HWY_ARCH_ARM ? 8 : 4;

// The number of rows that are multiplied by a pair of panels.
constexpr int kPairRows = 4;

// The output of one part of a panel, the lanes of a register, for some rows.
struct TileOut {
  FloatRows rows;
  // The number of columns that exist; the last panel may have fewer than the register has lanes.
  int64_t lanes;
};

HWY_INLINE void StoreLanes(FloatVec sum, float* to, int64_t lanes) {
  const Floats df;
  if (lanes >= kLanes) {
    hn::StoreU(sum, df, to);
    return;
  }
  HWY_ALIGN float all[kLanes];
  hn::Store(sum, df, all);
  for (int64_t i = 0; i < lanes; ++i) to[i] = all[i];
}

HWY_INLINE FloatVec LoadHalves(const uint16_t* from) {
  const Floats df;
  const hn::Rebind<hwy::float16_t, Floats> dh;
  return hn::PromoteTo(df, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(from)));
}

// The layout of a quantized type in a panel.
template <PackedType kType>
struct Layout {
  static constexpr bool kWide = kType == PackedType::kInt8;
  static constexpr bool kAffine = kType == PackedType::kInt4Affine;
  // The bias of the codes as DotQuads() takes them.
  static constexpr int32_t kZero = kWide ? (kSignedCodes ? 0 : 128) : (kAffine ? 0 : 8);
  static constexpr int64_t kGroupBytes = kPanelQuadBytes * (kWide ? kQuads : kQuads / 2);
  static constexpr int64_t kScaleStep = kAffine ? 2 * kPanelRows : kPanelRows;
};

constexpr int64_t kHalfQuads = kQuads / 2;

// Loads the first or the last half of a group's quads for the lanes of a part. 4-bit codes of the
// first half are in the low halves of the bytes, those of the last half in the high halves.
template <bool kWide>
HWY_INLINE void LoadHalf(const uint8_t* group, bool last, ByteVec (&codes)[kHalfQuads]) {
  const Bytes db;
  for (int64_t q = 0; q < kHalfQuads; ++q) {
    if constexpr (kWide) {
      codes[q] = hn::LoadU(db, group + (q + (last ? kHalfQuads : 0)) * kPanelQuadBytes);
      if constexpr (kSignedCodes) codes[q] = hn::Xor(codes[q], hn::Set(db, 0x80));
    } else {
      const hn::Repartition<uint16_t, Ints> dw;
      const ByteVec pairs = hn::LoadU(db, group + q * kPanelQuadBytes);
      const ByteVec shifted =
          last ? hn::BitCast(db, hn::ShiftRight<4>(hn::BitCast(dw, pairs))) : pairs;
      codes[q] = hn::And(shifted, hn::Set(db, 0x0F));
    }
  }
}

// Returns the correction for the bias of the codes in the dot product with a row of activations.
template <PackedType kType>
HWY_INLINE IntVec BiasCorrection(const QuantizedTile& tile, int64_t row) {
  const Ints di;
  constexpr int32_t kZero = Layout<kType>::kZero;
  return kZero == 0 ? hn::Zero(di) : hn::Set(di, -kZero * tile.sums[row]);
}

// Adds the scaled dot products of a group with the rows [row, row + kRows) to their sums. `scales`
// are those of the group for the lanes of a part.
template <PackedType kType, int kRows>
HWY_INLINE void AddScaled(const IntVec (&dots)[kRows], const uint16_t* scales,
                          const QuantizedTile& tile, int64_t row, FloatVec (&sums)[kRows]) {
  const Floats df;
  const FloatVec scale = LoadHalves(scales);
  for (int r = 0; r < kRows; ++r) {
    sums[r] = hn::MulAdd(hn::ConvertTo(df, dots[r]),
                         hn::Mul(scale, hn::Set(df, tile.scales[row + r])), sums[r]);
  }
  if constexpr (Layout<kType>::kAffine) {
    const FloatVec minimum = LoadHalves(scales + kPanelRows);
    for (int r = 0; r < kRows; ++r) {
      sums[r] = hn::MulAdd(minimum, hn::Set(df, tile.scaled_sums[row + r]), sums[r]);
    }
  }
}

// Prefetches memory.
template <int64_t kBytes>
HWY_INLINE void Fetch(const uint8_t* from) {
  constexpr int64_t kLine = 64;
  for (int64_t i = 0; i < kBytes; i += kLine) hwy::Prefetch(from + i);
}

// Multiplies the rows [row, row + kRows) of the tiles of activations by one part of a panel.
template <PackedType kType, int kRows>
HWY_INLINE void MultiplyTile(const uint8_t* values, const uint16_t* scales, int64_t groups,
                             const QuantizedTile* tiles, int64_t row, const TileOut& out) {
  constexpr bool kWide = Layout<kType>::kWide;
  const Ints di;
  const Floats df;
  FloatVec sums[kRows];
  for (int r = 0; r < kRows; ++r) sums[r] = hn::Zero(df);
  for (int64_t g = 0; g < groups; ++g) {
    const QuantizedTile& tile = tiles[g];
    ByteVec first[kHalfQuads];
    ByteVec last[kHalfQuads];
    LoadHalf<kWide>(values + g * Layout<kType>::kGroupBytes, /*last=*/false, first);
    LoadHalf<kWide>(values + g * Layout<kType>::kGroupBytes, /*last=*/true, last);
    IntVec dots[kRows];
    for (int r = 0; r < kRows; ++r) {
      const auto* quads = reinterpret_cast<const int32_t*>(tile.codes[row + r]);
      dots[r] = BiasCorrection<kType>(tile, row + r);
      for (int64_t q = 0; q < kHalfQuads; ++q) {
        dots[r] = DotQuads<kWide>(dots[r], first[q], hn::Set(di, quads[q]));
      }
      for (int64_t q = 0; q < kHalfQuads; ++q) {
        dots[r] = DotQuads<kWide>(dots[r], last[q], hn::Set(di, quads[kHalfQuads + q]));
      }
    }
    AddScaled<kType>(dots, scales + g * Layout<kType>::kScaleStep, tile, row, sums);
  }
  for (int r = 0; r < kRows; ++r) StoreLanes(sums[r], out.rows.row(r), out.lanes);
}

// Multiplies four rows by two panels that are `value_step` bytes and `scale_step` scales apart, and
// stores the first `kept` rows. Every load of activations serves both panels. It takes half a group
// at a time, because more codes do not fit into the registers. If `fetch_next`, it prefetches the
// next two panels, which are farther ahead than the processor's own prefetcher looks.
template <PackedType kType>
HWY_INLINE void MultiplyPair(const uint8_t* values, int64_t value_step, const uint16_t* scales,
                             int64_t scale_step, int64_t groups, const QuantizedTile* tiles,
                             int64_t row, int64_t kept, bool fetch_next, const FloatRows& out) {
  constexpr bool kWide = Layout<kType>::kWide;
  const Ints di;
  const Floats df;
  FloatVec sums[2][kPairRows];
  for (int r = 0; r < kPairRows; ++r) sums[0][r] = sums[1][r] = hn::Zero(df);
  for (int64_t g = 0; g < groups; ++g) {
    const QuantizedTile& tile = tiles[g];
    if (fetch_next) {
      for (int64_t panel : {2, 3}) {
        Fetch<Layout<kType>::kGroupBytes>(values + panel * value_step +
                                          g * Layout<kType>::kGroupBytes);
        Fetch<Layout<kType>::kScaleStep * sizeof(uint16_t)>(reinterpret_cast<const uint8_t*>(
            scales + panel * scale_step + g * Layout<kType>::kScaleStep));
      }
    }
    IntVec dots[2][kPairRows];
    for (int r = 0; r < kPairRows; ++r) {
      dots[0][r] = dots[1][r] = BiasCorrection<kType>(tile, row + r);
    }
    for (const bool last : {false, true}) {
      ByteVec codes[2][kHalfQuads];
      const uint8_t* group = values + g * Layout<kType>::kGroupBytes;
      LoadHalf<kWide>(group, last, codes[0]);
      LoadHalf<kWide>(group + value_step, last, codes[1]);
      for (int64_t q = 0; q < kHalfQuads; ++q) {
        for (int r = 0; r < kPairRows; ++r) {
          const auto* quads = reinterpret_cast<const int32_t*>(tile.codes[row + r]);
          const IntVec x = hn::Set(di, quads[q + (last ? kHalfQuads : 0)]);
          dots[0][r] = DotQuads<kWide>(dots[0][r], codes[0][q], x);
          dots[1][r] = DotQuads<kWide>(dots[1][r], codes[1][q], x);
        }
      }
    }
    const uint16_t* group_scales = scales + g * Layout<kType>::kScaleStep;
    AddScaled<kType>(dots[0], group_scales, tile, row, sums[0]);
    AddScaled<kType>(dots[1], group_scales + scale_step, tile, row, sums[1]);
  }
  for (int r = 0; r < kept; ++r) {
    hn::StoreU(sums[0][r], df, out.row(r));
    hn::StoreU(sums[1][r], df, out.row(r) + kPanelRows);
  }
}

// Calls tiles.Run(part, row, out) for the rows [begin, end), in tiles of the largest size first.
template <typename Tiles>
HWY_INLINE void OverPanel(const PackedMatrix& weights, int64_t panel, int64_t begin, int64_t end,
                          const FloatRows& out, const Tiles& tiles) {
  for (int64_t part = 0; part < kParts; ++part) {
    const int64_t column = panel * kPanelRows + part * kLanes;
    const int64_t lanes = HWY_MIN(weights.rows() - column, kLanes);
    if (lanes <= 0) return;
    int64_t row = begin;
    const auto place = [&](int64_t r) {
      return TileOut{.rows = {.data = out.row(r) + column, .stride = out.stride}, .lanes = lanes};
    };
    for (; row + kMaxTile <= end; row += kMaxTile) {
      tiles.template Run<kMaxTile>(part, row, place(row));
    }
    for (; row + 4 <= end; row += 4) tiles.template Run<4>(part, row, place(row));
    for (; row + 2 <= end; row += 2) tiles.template Run<2>(part, row, place(row));
    for (; row < end; ++row) tiles.template Run<1>(part, row, place(row));
  }
}

template <PackedType kType>
struct QuantizedTiles {
  const uint8_t* values;
  const uint16_t* scales;
  const QuantizedRows& input;

  template <int kRows>
  HWY_INLINE void Run(int64_t part, int64_t row, const TileOut& out) const {
    MultiplyTile<kType, kRows>(values + part * kLanes * kQuad, scales + part * kLanes,
                               input.groups(), input.tiles(row / QuantizedTile::kRows),
                               row % QuantizedTile::kRows, out);
  }
};

template <PackedType kType>
HWY_INLINE void OnePanel(const PackedMatrix& weights, int64_t panel, const QuantizedRows& input,
                         int64_t begin, int64_t end, const FloatRows& out) {
  const QuantizedTiles<kType> tiles{
      .values = reinterpret_cast<const uint8_t*>(weights.PanelValues(panel)),
      .scales = weights.PanelScales(panel),
      .input = input};
  OverPanel(weights, panel, begin, end, out, tiles);
}

template <PackedType kType>
void QuantizedPanels(const PackedMatrix& weights, int64_t begin, int64_t end,
                     const QuantizedRows& input, int64_t rows, const FloatRows& out) {
  int64_t panel = begin;
  if constexpr (kLanes == kPanelRows) {
    // Three rows take as long as four; a rest of one or two rows is faster by itself.
    const int64_t whole = rows / kPairRows * kPairRows;
    const int64_t paired = rows - whole == kPairRows - 1 ? rows : whole;
    // 8-bit weights take longer to load than to multiply: prefetching does not help.
    constexpr bool kFetches = !Layout<kType>::kWide;
    for (; paired > 0 && panel + 2 <= end && (panel + 2) * kPanelRows <= weights.rows();
         panel += 2) {
      const auto* values = reinterpret_cast<const uint8_t*>(weights.PanelValues(panel));
      const uint16_t* scales = weights.PanelScales(panel);
      const int64_t value_step = weights.PanelValues(panel + 1) - weights.PanelValues(panel);
      const int64_t scale_step = weights.PanelScales(panel + 1) - scales;
      for (int64_t row = 0; row < paired; row += kPairRows) {
        MultiplyPair<kType>(values, value_step, scales, scale_step, input.groups(),
                            input.tiles(row / QuantizedTile::kRows), row % QuantizedTile::kRows,
                            std::min<int64_t>(kPairRows, rows - row),
                            kFetches && row == 0 && panel + 4 <= end,
                            {.data = out.row(row) + panel * kPanelRows, .stride = out.stride});
      }
      OnePanel<kType>(weights, panel, input, paired, rows, out);
      OnePanel<kType>(weights, panel + 1, input, paired, rows, out);
    }
  }
  for (; panel < end; ++panel) OnePanel<kType>(weights, panel, input, 0, rows, out);
}

void Quantized(const PackedMatrix& weights, int64_t begin, int64_t end, const QuantizedRows& input,
               int64_t rows, const FloatRows& out) {
  switch (weights.type()) {
    case PackedType::kInt8:
      return QuantizedPanels<PackedType::kInt8>(weights, begin, end, input, rows, out);
    case PackedType::kInt4:
      return QuantizedPanels<PackedType::kInt4>(weights, begin, end, input, rows, out);
    default:
      return QuantizedPanels<PackedType::kInt4Affine>(weights, begin, end, input, rows, out);
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ASSAY_ENGINE_KERNELS_QUANTIZED_PRODUCT_INL_H_
