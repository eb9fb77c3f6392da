// The layouts of stored types; private to dequantize.cc and the files that define the types.
#ifndef ASSAY_ENGINE_FORMATS_BLOCK_FORMAT_H_
#define ASSAY_ENGINE_FORMATS_BLOCK_FORMAT_H_

#include <bit>
#include <cstdint>
#include <cstring>

#include "absl/types/span.h"
#include "engine/formats/dequantize.h"
#include "engine/formats/stored_tensor.h"

namespace assay::engine {

// A stored type and its conversion to floats.
struct BlockFormat {
  GgmlType type;
  const char* name;
  BlockLayout layout;
  // Converts `count` blocks into count * layout.elements floats.
  void (*dequantize)(const uint8_t* blocks, int64_t count, float* out);
};

// The types with blocks of 32 elements (block_quants.cc).
absl::Span<const BlockFormat> BlockQuants();
// The types with super-blocks of 256 elements (k_quants.cc).
absl::Span<const BlockFormat> KQuants();

// Converts all blocks in a loop into which Format::Dequantize is inlined. `Format` has kElements,
// kBytes and Dequantize(const uint8_t* block, float* out).
template <typename Format>
void DequantizeAll(const uint8_t* blocks, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    Format::Dequantize(blocks + i * Format::kBytes, out + i * Format::kElements);
  }
}

template <typename Format>
constexpr BlockFormat FormatOf(GgmlType type, const char* name) {
  return {type, name, {Format::kElements, Format::kBytes}, &DequantizeAll<Format>};
}

// Reads an unaligned value.
template <typename T>
T Load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

// Converts IEEE 754 binary16, including subnormals, infinities and NaN. Has no branches, so that
// loops are vectorized, and no subnormal operands, which the process may have set the processor to
// treat as 0.
inline float HalfToFloat(uint16_t half) {
  constexpr float kSubnormalUnit = 0x1p-24F;
  constexpr uint32_t kInfinity = 0x7F800000U;
  constexpr uint32_t kBiasDifference = 112U << 23;
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = half & 0x7C00U;
  const uint32_t mantissa = half & 0x3FFU;
  const uint32_t shifted = (exponent | mantissa) << 13;
  const auto subnormal =
      std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(mantissa)) * kSubnormalUnit);
  const uint32_t normal = exponent == 0x7C00U ? shifted | kInfinity : shifted + kBiasDifference;
  return std::bit_cast<float>((exponent == 0 ? subnormal : normal) | sign);
}

inline float LoadHalf(const uint8_t* from) { return HalfToFloat(Load<uint16_t>(from)); }

// The values of the four-bit codes of IQ4_NL and IQ4_XS. The steps are finer near 0.
// https://github.com/ggml-org/ggml, kvalues_iq4nl.
inline constexpr int8_t kNonLinearSteps[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                               1,    13,   25,  38,  53,  69,  89,  113};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_BLOCK_FORMAT_H_
