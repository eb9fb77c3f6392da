// Types with blocks of 32 elements: a scale, a minimum in some types, then the codes of the
// elements. The layouts are ggml's (block_q4_0 and others in ggml-common.h). The low halves of the
// bytes hold the first 16 elements.
#include <bit>
#include <cstdint>

#include "absl/types/span.h"
#include "engine/formats/block_format.h"

namespace assay::engine {
namespace {

constexpr int kBlock = 32;
constexpr int kHalfBlock = kBlock / 2;

// A scale, and 16 bytes of 4-bit codes, which are biased by 8.
struct Q40 {
  static constexpr int kElements = kBlock;
  static constexpr int kBytes = 2 + kHalfBlock;
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block);
    const uint8_t* codes = block + 2;
    for (int i = 0; i < kHalfBlock; ++i) {
      out[i] = scale * static_cast<float>((codes[i] & 0xF) - 8);
      out[i + kHalfBlock] = scale * static_cast<float>((codes[i] >> 4) - 8);
    }
  }
};

// A scale, a minimum, and 16 bytes of 4-bit codes.
struct Q41 {
  static constexpr int kElements = kBlock;
  static constexpr int kBytes = 4 + kHalfBlock;
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block);
    const float minimum = LoadHalf(block + 2);
    const uint8_t* codes = block + 4;
    for (int i = 0; i < kHalfBlock; ++i) {
      out[i] = scale * static_cast<float>(codes[i] & 0xF) + minimum;
      out[i + kHalfBlock] = scale * static_cast<float>(codes[i] >> 4) + minimum;
    }
  }
};

// The fifth bits of 32 codes form a 32-bit word. Element 0 has the lowest bit.
int FifthBit(uint32_t word, int element) { return static_cast<int>((word >> element) & 1U) << 4; }

// A scale, the fifth bits, and 16 bytes of lower bits. The codes are biased by 16.
struct Q50 {
  static constexpr int kElements = kBlock;
  static constexpr int kBytes = 2 + 4 + kHalfBlock;
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block);
    const auto high = Load<uint32_t>(block + 2);
    const uint8_t* low = block + 6;
    for (int i = 0; i < kHalfBlock; ++i) {
      const int first = (low[i] & 0xF) | FifthBit(high, i);
      const int second = (low[i] >> 4) | FifthBit(high, i + kHalfBlock);
      out[i] = scale * static_cast<float>(first - 16);
      out[i + kHalfBlock] = scale * static_cast<float>(second - 16);
    }
  }
};

// A scale, a minimum, the fifth bits, and 16 bytes of lower bits.
struct Q51 {
  static constexpr int kElements = kBlock;
  static constexpr int kBytes = 4 + 4 + kHalfBlock;
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block);
    const float minimum = LoadHalf(block + 2);
    const auto high = Load<uint32_t>(block + 4);
    const uint8_t* low = block + 8;
    for (int i = 0; i < kHalfBlock; ++i) {
      const int first = (low[i] & 0xF) | FifthBit(high, i);
      const int second = (low[i] >> 4) | FifthBit(high, i + kHalfBlock);
      out[i] = scale * static_cast<float>(first) + minimum;
      out[i + kHalfBlock] = scale * static_cast<float>(second) + minimum;
    }
  }
};

// A scale, and 32 signed bytes.
struct Q80 {
  static constexpr int kElements = kBlock;
  static constexpr int kBytes = 2 + kBlock;
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block);
    for (int i = 0; i < kBlock; ++i) {
      out[i] = scale * static_cast<float>(static_cast<int8_t>(block[2 + i]));
    }
  }
};

// A scale, and 16 bytes of 4-bit indices into a table.
struct Iq4Nl {
  static constexpr int kElements = kBlock;
  static constexpr int kBytes = 2 + kHalfBlock;
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block);
    const uint8_t* codes = block + 2;
    for (int i = 0; i < kHalfBlock; ++i) {
      out[i] = scale * static_cast<float>(kNonLinearSteps[codes[i] & 0xF]);
      out[i + kHalfBlock] = scale * static_cast<float>(kNonLinearSteps[codes[i] >> 4]);
    }
  }
};

// OCP Microscaling FP4: the exponent of the scale, and 16 bytes of E2M1 numbers. The scale is
// 2^(e-128), because the table has doubled values.
struct Mxfp4 {
  static constexpr int kElements = kBlock;
  static constexpr int kBytes = 1 + kHalfBlock;
  static constexpr int8_t kDoubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  static void Dequantize(const uint8_t* block, float* out) {
    const uint32_t exponent = block[0];
    // 2^-128 and 2^-127 are subnormal.
    const uint32_t bits = exponent < 2 ? 0x00200000U << exponent : (exponent - 1) << 23;
    const auto scale = std::bit_cast<float>(bits);
    const uint8_t* codes = block + 1;
    for (int i = 0; i < kHalfBlock; ++i) {
      out[i] = scale * static_cast<float>(kDoubled[codes[i] & 0xF]);
      out[i + kHalfBlock] = scale * static_cast<float>(kDoubled[codes[i] >> 4]);
    }
  }
};

constexpr BlockFormat kFormats[] = {
    FormatOf<Q40>(GgmlType::kQ4_0, "Q4_0"),     FormatOf<Q41>(GgmlType::kQ4_1, "Q4_1"),
    FormatOf<Q50>(GgmlType::kQ5_0, "Q5_0"),     FormatOf<Q51>(GgmlType::kQ5_1, "Q5_1"),
    FormatOf<Q80>(GgmlType::kQ8_0, "Q8_0"),     FormatOf<Iq4Nl>(GgmlType::kIQ4_NL, "IQ4_NL"),
    FormatOf<Mxfp4>(GgmlType::kMXFP4, "MXFP4"),
};

}  // namespace

absl::Span<const BlockFormat> BlockQuants() { return kFormats; }

}  // namespace assay::engine
