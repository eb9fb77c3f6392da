// Dot products of quads of bytes for the instruction set that is being compiled. Included once for
// each target (Highway's foreach_target.h).
#if defined(ASSAY_ENGINE_KERNELS_DOT_QUADS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ASSAY_ENGINE_KERNELS_DOT_QUADS_INL_H_
#undef ASSAY_ENGINE_KERNELS_DOT_QUADS_INL_H_
#else
#define ASSAY_ENGINE_KERNELS_DOT_QUADS_INL_H_
#endif

#include <cstdint>

#include "engine/kernels/kernel_namespace-inl.h"
#include "hwy/highway.h"

ASSAY_BEFORE_KERNELS();
namespace assay::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The lanes of a panel that one register holds.
using Ints = hn::CappedTag<int32_t, 16>;
using Bytes = hn::Repartition<uint8_t, Ints>;
using Floats = hn::RebindToFloat<Ints>;
using IntVec = hn::Vec<Ints>;
using ByteVec = hn::Vec<Bytes>;

// Later versions of Highway have several NEON targets.
#undef ASSAY_TARGET_IS_NEON
#if defined(HWY_TARGET_IS_NEON)
#define ASSAY_TARGET_IS_NEON HWY_TARGET_IS_NEON
#else
#define ASSAY_TARGET_IS_NEON (HWY_TARGET == HWY_NEON)
#endif

#if ASSAY_TARGET_IS_NEON
// NEON multiplies signed bytes: the bias of 128 is removed from 8-bit codes first.
inline constexpr bool kSignedCodes = true;
#else
inline constexpr bool kSignedCodes = false;
#endif

// Returns sum + the dot product of the four codes with the four signed bytes of `x` in each lane.
// The codes are 0 to 255 if `kWide`, else 0 to 15; the bytes of `x` must not be -128. Exact.
template <bool kWide>
HWY_API IntVec DotQuads(IntVec sum, ByteVec codes, IntVec x) {
#if HWY_TARGET <= HWY_AVX3_DL && HWY_ARCH_X86
  return IntVec{_mm512_dpbusd_epi32(sum.raw, codes.raw, x.raw)};
#elif HWY_TARGET == HWY_AVX2
  if constexpr (!kWide) {
    const __m256i pairs = _mm256_maddubs_epi16(codes.raw, x.raw);
    return IntVec{_mm256_add_epi32(sum.raw, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))};
  }
  const __m256i even_x = _mm256_srai_epi16(_mm256_slli_epi16(x.raw, 8), 8);
  const __m256i odd_x = _mm256_srai_epi16(x.raw, 8);
  const __m256i even = _mm256_and_si256(codes.raw, _mm256_set1_epi16(0xFF));
  const __m256i odd = _mm256_srli_epi16(codes.raw, 8);
  const __m256i products =
      _mm256_add_epi32(_mm256_madd_epi16(even, even_x), _mm256_madd_epi16(odd, odd_x));
  return IntVec{_mm256_add_epi32(sum.raw, products)};
#elif HWY_TARGET == HWY_SSE4
  if constexpr (!kWide) {
    const __m128i pairs = _mm_maddubs_epi16(codes.raw, x.raw);
    return IntVec{_mm_add_epi32(sum.raw, _mm_madd_epi16(pairs, _mm_set1_epi16(1)))};
  }
  const __m128i even_x = _mm_srai_epi16(_mm_slli_epi16(x.raw, 8), 8);
  const __m128i odd_x = _mm_srai_epi16(x.raw, 8);
  const __m128i even = _mm_and_si128(codes.raw, _mm_set1_epi16(0xFF));
  const __m128i odd = _mm_srli_epi16(codes.raw, 8);
  const __m128i products = _mm_add_epi32(_mm_madd_epi16(even, even_x), _mm_madd_epi16(odd, odd_x));
  return IntVec{_mm_add_epi32(sum.raw, products)};
#elif ASSAY_TARGET_IS_NEON
  const int8x16_t w = vreinterpretq_s8_u8(codes.raw);
  const int8x16_t bytes = vreinterpretq_s8_s32(x.raw);
#if defined(__ARM_FEATURE_DOTPROD)
  return IntVec{vdotq_s32(sum.raw, w, bytes)};
#else
  const int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(bytes));
  const int16x8_t high = vmull_high_s8(w, bytes);
  return IntVec{vpadalq_s16(sum.raw, vpaddq_s16(low, high))};
#endif
#else
  const Ints d;
  const Bytes db;
  HWY_ALIGN int32_t sums[hn::MaxLanes(d)];
  HWY_ALIGN uint8_t w[hn::MaxLanes(db)];
  HWY_ALIGN int8_t values[hn::MaxLanes(db)];
  hn::Store(sum, d, sums);
  hn::Store(codes, db, w);
  hn::Store(hn::BitCast(hn::RebindToSigned<Bytes>(), x), hn::RebindToSigned<Bytes>(), values);
  for (size_t i = 0; i < hn::Lanes(db); ++i) sums[i / 4] += w[i] * values[i];
  return hn::Load(d, sums);
#endif
}

// The bias that SignedDot() leaves in its result: it returns the dot product of (w + kSignedZero)
// and x, and the caller subtracts the rest.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || ASSAY_TARGET_IS_NEON
inline constexpr int32_t kSignedZero = 0;
#else
inline constexpr int32_t kSignedZero = 128;
#endif

// Converts signed bytes, which must not be -128, to the operand of SignedDot().
HWY_API ByteVec SignedCodes(ByteVec bytes) {
  if constexpr (kSignedZero == 0) return bytes;
  return hn::Xor(bytes, hn::Set(Bytes(), 0x80));
}

// Returns sum + the dot product of the four SignedCodes() with the four signed bytes of `x` in each
// lane, with the bias of kSignedZero. The bytes of `x` must not be -128. Exact.
HWY_API IntVec SignedDot(IntVec sum, ByteVec codes, IntVec x) {
#if HWY_TARGET == HWY_AVX2
  const __m256i signs = _mm256_sign_epi8(codes.raw, x.raw);
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(x.raw), signs);
  return IntVec{_mm256_add_epi32(sum.raw, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))};
#elif HWY_TARGET == HWY_SSE4
  const __m128i signs = _mm_sign_epi8(codes.raw, x.raw);
  const __m128i pairs = _mm_maddubs_epi16(_mm_abs_epi8(x.raw), signs);
  return IntVec{_mm_add_epi32(sum.raw, _mm_madd_epi16(pairs, _mm_set1_epi16(1)))};
#else
  return DotQuads</*kWide=*/true>(sum, codes, x);
#endif
}

// Returns sum + the dot product of the two signed 16-bit numbers in each lane. Exact if both
// products of a lane are at most 2^30 in absolute value.
HWY_API IntVec DotPairs(IntVec sum, IntVec a, IntVec b) {
#if HWY_TARGET <= HWY_AVX3_DL && HWY_ARCH_X86
  return IntVec{_mm512_dpwssd_epi32(sum.raw, a.raw, b.raw)};
#elif HWY_TARGET == HWY_AVX2
  return IntVec{_mm256_add_epi32(sum.raw, _mm256_madd_epi16(a.raw, b.raw))};
#elif HWY_ARCH_X86
  return IntVec{_mm_add_epi32(sum.raw, _mm_madd_epi16(a.raw, b.raw))};
#else
  const int16x8_t x = vreinterpretq_s16_s32(a.raw);
  const int16x8_t y = vreinterpretq_s16_s32(b.raw);
  const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y));
  return IntVec{vaddq_s32(sum.raw, vpaddq_s32(low, vmull_high_s16(x, y)))};
#endif
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ASSAY_ENGINE_KERNELS_DOT_QUADS_INL_H_
