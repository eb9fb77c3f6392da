// Conversion of 16-bit floats. Rounds to the nearest, ties to even.
#ifndef ASSAY_ENGINE_KERNELS_NARROW_FLOATS_H_
#define ASSAY_ENGINE_KERNELS_NARROW_FLOATS_H_

#include <bit>
#include <cstdint>

namespace assay::engine {

#ifdef __aarch64__
// GCC 12 has _Float16 in C++ only on x86.
using Half = __fp16;
#else
using Half = _Float16;
#endif

// Returns infinity for values beyond 65504.
inline uint16_t HalfFromFloat(float value) {
  return std::bit_cast<uint16_t>(static_cast<Half>(value));
}

inline uint16_t BFloat16FromFloat(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  constexpr uint32_t kInfinity = 0x7F800000;
  // Rounding must not carry a NaN into infinity or zero.
  constexpr uint32_t kQuiet = 0x00400000;
  if ((bits & ~(uint32_t{1} << 31)) > kInfinity) {
    return static_cast<uint16_t>((bits | kQuiet) >> 16);
  }
  const uint32_t even = (bits >> 16) & 1;
  return static_cast<uint16_t>((bits + 0x7FFF + even) >> 16);
}

inline float BFloat16ToFloat(uint16_t value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_NARROW_FLOATS_H_
