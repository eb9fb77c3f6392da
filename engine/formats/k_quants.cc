// Types with super-blocks of 256 elements: small scales that are multiplied by one or two scales in
// half precision. The layouts are ggml's (block_q2_K and others in ggml-common.h).
#include <cstdint>

#include "absl/types/span.h"
#include "engine/formats/block_format.h"

namespace assay::engine {
namespace {

constexpr int kSuperBlock = 256;
constexpr int64_t kRun = 32;
constexpr int64_t kGroup = 16;

// The scales and minima of 16 groups of 16 elements (4 bits each), 2-bit codes, a scale and a
// minimum. Byte l of each 32 bytes of codes holds the elements l, l + 32, l + 64 and l + 96 of its
// half.
struct Q2K {
  static constexpr int kElements = kSuperBlock;
  static constexpr int kBytes = 16 + 64 + 4;
  static void Dequantize(const uint8_t* block, float* out) {
    const uint8_t* codes = block + 16;
    const float scale = LoadHalf(block + 80);
    const float minimum = LoadHalf(block + 82);
    for (int group = 0; group < kSuperBlock / kGroup; ++group) {
      const float step = scale * static_cast<float>(block[group] & 0xF);
      const float lift = minimum * static_cast<float>(block[group] >> 4);
      const uint8_t* from = codes + group / 8 * kRun + group % 2 * kGroup;
      const int shift = group % 8 / 2 * 2;
      for (int i = 0; i < kGroup; ++i) {
        out[group * kGroup + i] = step * static_cast<float>((from[i] >> shift) & 3) - lift;
      }
    }
  }
};

// The third bits of the codes (bit r of byte l for element 32 r + l, inverted: 0 subtracts 4),
// their lower bits as in Q2_K, 16 scales of 6 bits biased by 32 (8 bytes of lower and 4 bytes of
// upper bits), and a scale.
struct Q3K {
  static constexpr int kElements = kSuperBlock;
  static constexpr int kBytes = 32 + 64 + 12 + 2;
  static int GroupScale(const uint8_t* packed, int group) {
    const int low = (packed[group % 8] >> (group / 8 * 4)) & 0xF;
    const int high = (packed[8 + group % 4] >> (group / 4 * 2)) & 3;
    return (low | (high << 4)) - 32;
  }
  static void Dequantize(const uint8_t* block, float* out) {
    const uint8_t* codes = block + 32;
    const uint8_t* scales = block + 96;
    const float scale = LoadHalf(block + 108);
    for (int group = 0; group < kSuperBlock / kGroup; ++group) {
      const float step = scale * static_cast<float>(GroupScale(scales, group));
      const uint8_t* from = codes + group / 8 * kRun + group % 2 * kGroup;
      const uint8_t* high = block + group % 2 * kGroup;
      const int shift = group % 8 / 2 * 2;
      const int bit = group / 2;
      for (int i = 0; i < kGroup; ++i) {
        const int code = ((from[i] >> shift) & 3) | (((high[i] >> bit) & 1) << 2);
        out[group * kGroup + i] = step * static_cast<float>(code - 4);
      }
    }
  }
};

// The 8 scales and 8 minima of Q4_K and Q5_K, of 6 bits each, in 12 bytes. The first four of each
// are the lower bits of bytes 0-3 and 4-7, whose upper two bits complete the nibbles of bytes 8-11.
struct RunScales {
  float step;
  float lift;
};
RunScales ScalesOfRun(const uint8_t* block, int run) {
  const uint8_t* packed = block + 4;
  int scale = packed[run % 4];
  int minimum = packed[4 + run % 4];
  if (run < 4) {
    scale &= 0x3F;
    minimum &= 0x3F;
  } else {
    scale = (packed[4 + run] & 0xF) | ((scale >> 6) << 4);
    minimum = (packed[4 + run] >> 4) | ((minimum >> 6) << 4);
  }
  return {LoadHalf(block) * static_cast<float>(scale),
          LoadHalf(block + 2) * static_cast<float>(minimum)};
}

// A scale, a minimum, the scales and minima of 8 runs, and 4 x 32 bytes of 4-bit codes. The lower
// halves of 32 bytes are one run, the upper halves the next.
struct Q4K {
  static constexpr int kElements = kSuperBlock;
  static constexpr int kBytes = 4 + 12 + 128;
  static void Dequantize(const uint8_t* block, float* out) {
    for (int run = 0; run < kSuperBlock / kRun; ++run) {
      const RunScales scales = ScalesOfRun(block, run);
      const uint8_t* from = block + 16 + run / 2 * kRun;
      const int shift = run % 2 * 4;
      for (int i = 0; i < kRun; ++i) {
        out[run * kRun + i] =
            scales.step * static_cast<float>((from[i] >> shift) & 0xF) - scales.lift;
      }
    }
  }
};

// Like Q4_K, with the fifth bits before the codes: bit r of byte l for element l of run r.
struct Q5K {
  static constexpr int kElements = kSuperBlock;
  static constexpr int kBytes = 4 + 12 + 32 + 128;
  static void Dequantize(const uint8_t* block, float* out) {
    const uint8_t* high = block + 16;
    for (int run = 0; run < kSuperBlock / kRun; ++run) {
      const RunScales scales = ScalesOfRun(block, run);
      const uint8_t* from = block + 48 + run / 2 * kRun;
      const int shift = run % 2 * 4;
      for (int i = 0; i < kRun; ++i) {
        const int code = ((from[i] >> shift) & 0xF) | (((high[i] >> run) & 1) << 4);
        out[run * kRun + i] = scales.step * static_cast<float>(code) - scales.lift;
      }
    }
  }
};

// The lower four bits (2 x 64 bytes) and the upper two bits (2 x 32 bytes) of 6-bit codes biased by
// 32, 16 signed bytes of scales, and a scale.
struct Q6K {
  static constexpr int kElements = kSuperBlock;
  static constexpr int kBytes = 128 + 64 + 16 + 2;
  static void Dequantize(const uint8_t* block, float* out) {
    const uint8_t* scales = block + 192;
    const float scale = LoadHalf(block + 208);
    for (int group = 0; group < kSuperBlock / kGroup; ++group) {
      const float step = scale * static_cast<float>(static_cast<int8_t>(scales[group]));
      const int half = group / 8;
      const int row = group % 8 / 2;
      const int column = group % 2 * kGroup;
      const uint8_t* low = block + 2 * kRun * half + row % 2 * kRun + column;
      const uint8_t* high = block + 128 + half * kRun + column;
      const int low_shift = row / 2 * 4;
      const int high_shift = row * 2;
      for (int i = 0; i < kGroup; ++i) {
        const int code = ((low[i] >> low_shift) & 0xF) | (((high[i] >> high_shift) & 3) << 4);
        out[group * kGroup + i] = step * static_cast<float>(code - 32);
      }
    }
  }
};

// A scale, the upper two bits of 8 scales in a 16-bit word, their lower four bits, and 8 x 16 bytes
// of indices into the table of IQ4_NL, the lower halves first.
struct Iq4Xs {
  static constexpr int kElements = kSuperBlock;
  static constexpr int kBytes = 2 + 2 + 4 + 128;
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block);
    const int high = Load<uint16_t>(block + 2);
    for (int run = 0; run < kSuperBlock / kRun; ++run) {
      const int low = (block[4 + run / 2] >> (run % 2 * 4)) & 0xF;
      const int factor = (low | (((high >> (run * 2)) & 3) << 4)) - 32;
      const float step = scale * static_cast<float>(factor);
      const uint8_t* codes = block + 8 + run * kGroup;
      float* to = out + run * kRun;
      for (int i = 0; i < kGroup; ++i) {
        to[i] = step * static_cast<float>(kNonLinearSteps[codes[i] & 0xF]);
        to[i + kGroup] = step * static_cast<float>(kNonLinearSteps[codes[i] >> 4]);
      }
    }
  }
};

// Ternary codes of 2 bits, biased by 1 (byte l of each 32 holds the elements l, l + 32, l + 64 and
// l + 96), and a scale.
struct Tq20 {
  static constexpr int kElements = kSuperBlock;
  static constexpr int kBytes = 64 + 2;
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block + 64);
    for (int run = 0; run < kSuperBlock / kRun; ++run) {
      const uint8_t* from = block + run / 4 * kRun;
      const int shift = run % 4 * 2;
      for (int i = 0; i < kRun; ++i) {
        out[run * kRun + i] = scale * static_cast<float>(((from[i] >> shift) & 3) - 1);
      }
    }
  }
};

// Ternary codes, five per byte as a base-3 fraction of 256: digit d of a byte is the integer part
// of 3 * frac(byte * 3^d / 256). 32 bytes of five digits, 16 of five, 4 of four, and a scale.
struct Tq10 {
  static constexpr int kElements = kSuperBlock;
  static constexpr int kBytes = 48 + 4 + 2;
  static float* Digits(const uint8_t* from, int bytes, int digits, float scale, float* out) {
    uint8_t power = 1;
    for (int digit = 0; digit < digits; ++digit) {
      for (int i = 0; i < bytes; ++i) {
        const auto fraction = static_cast<uint8_t>(from[i] * power);
        *out++ = scale * static_cast<float>(((fraction * 3) >> 8) - 1);
      }
      power = static_cast<uint8_t>(power * 3);
    }
    return out;
  }
  static void Dequantize(const uint8_t* block, float* out) {
    const float scale = LoadHalf(block + 52);
    out = Digits(block, 32, 5, scale, out);
    out = Digits(block + 32, 16, 5, scale, out);
    Digits(block + 48, 4, 4, scale, out);
  }
};

constexpr BlockFormat kFormats[] = {
    FormatOf<Q2K>(GgmlType::kQ2_K, "Q2_K"),    FormatOf<Q3K>(GgmlType::kQ3_K, "Q3_K"),
    FormatOf<Q4K>(GgmlType::kQ4_K, "Q4_K"),    FormatOf<Q5K>(GgmlType::kQ5_K, "Q5_K"),
    FormatOf<Q6K>(GgmlType::kQ6_K, "Q6_K"),    FormatOf<Iq4Xs>(GgmlType::kIQ4_XS, "IQ4_XS"),
    FormatOf<Tq10>(GgmlType::kTQ1_0, "TQ1_0"), FormatOf<Tq20>(GgmlType::kTQ2_0, "TQ2_0"),
};

}  // namespace

absl::Span<const BlockFormat> KQuants() { return kFormats; }

}  // namespace assay::engine
