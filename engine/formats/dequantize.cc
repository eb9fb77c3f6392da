// From stored weights to floats. Block formats: ggml's block_q4_0, block_q4_1, block_q8_0.
#include "engine/formats/dequantize.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace assay::engine {
namespace {

constexpr int kBlock = 32;
constexpr int kHalfBlock = kBlock / 2;
constexpr int kNibbleBias = 8;

// IEEE 754 binary16, subnormals, infinities and NaN included.
float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 0x1FU;
  const uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0) {
    constexpr float kSubnormalUnit = 0x1p-24F;
    const float magnitude = static_cast<float>(mantissa) * kSubnormalUnit;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  const uint32_t bits = exponent == 0x1FU ? 0x7F800000U | (mantissa << 13)
                                          : ((exponent + 112) << 23) | (mantissa << 13);
  return std::bit_cast<float>(bits | sign);
}

template <typename T>
T Load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

float LoadHalf(const std::byte* from) { return HalfToFloat(Load<uint16_t>(from)); }

void DequantizeQ4_0(const std::byte* block, float* out) {
  const float scale = LoadHalf(block);
  for (int i = 0; i < kHalfBlock; ++i) {
    const auto pair = std::to_integer<int>(block[2 + i]);
    out[i] = scale * static_cast<float>((pair & 0xF) - kNibbleBias);
    out[i + kHalfBlock] = scale * static_cast<float>((pair >> 4) - kNibbleBias);
  }
}

void DequantizeQ4_1(const std::byte* block, float* out) {
  const float scale = LoadHalf(block);
  const float minimum = LoadHalf(block + 2);
  for (int i = 0; i < kHalfBlock; ++i) {
    const auto pair = std::to_integer<int>(block[4 + i]);
    out[i] = scale * static_cast<float>(pair & 0xF) + minimum;
    out[i + kHalfBlock] = scale * static_cast<float>(pair >> 4) + minimum;
  }
}

void DequantizeQ8_0(const std::byte* block, float* out) {
  const float scale = LoadHalf(block);
  for (int i = 0; i < kBlock; ++i) {
    out[i] = scale * static_cast<float>(std::to_integer<int8_t>(block[2 + i]));
  }
}

void DequantizeBlock(GgmlType type, const std::byte* block, float* out) {
  switch (type) {
    case GgmlType::kF32:
      *out = Load<float>(block);
      return;
    case GgmlType::kF16:
      *out = LoadHalf(block);
      return;
    case GgmlType::kBF16:
      *out = std::bit_cast<float>(static_cast<uint32_t>(Load<uint16_t>(block)) << 16);
      return;
    case GgmlType::kQ4_0:
      DequantizeQ4_0(block, out);
      return;
    case GgmlType::kQ4_1:
      DequantizeQ4_1(block, out);
      return;
    case GgmlType::kQ8_0:
      DequantizeQ8_0(block, out);
      return;
  }
}

}  // namespace

absl::StatusOr<BlockLayout> LayoutOf(GgmlType type) {
  switch (type) {
    case GgmlType::kF32:
      return BlockLayout{.elements = 1, .bytes = 4};
    case GgmlType::kF16:
    case GgmlType::kBF16:
      return BlockLayout{.elements = 1, .bytes = 2};
    case GgmlType::kQ4_0:
      return BlockLayout{.elements = kBlock, .bytes = 2 + kHalfBlock};
    case GgmlType::kQ4_1:
      return BlockLayout{.elements = kBlock, .bytes = 4 + kHalfBlock};
    case GgmlType::kQ8_0:
      return BlockLayout{.elements = kBlock, .bytes = 2 + kBlock};
  }
  return absl::UnimplementedError(
      absl::StrCat(GgmlTypeName(type),
                   " tensors are not read yet; use F32, F16, BF16, Q4_0, Q4_1 "
                   "or Q8_0"));
}

absl::Status Dequantize(GgmlType type, absl::Span<const std::byte> blocks, absl::Span<float> out) {
  const absl::StatusOr<BlockLayout> layout = LayoutOf(type);
  if (!layout.ok()) return layout.status();
  const auto count = static_cast<int64_t>(out.size()) / layout->elements;
  if (count * layout->elements != static_cast<int64_t>(out.size()) ||
      count * layout->bytes != static_cast<int64_t>(blocks.size())) {
    return absl::InvalidArgumentError(absl::StrCat(blocks.size(), " bytes of ", GgmlTypeName(type),
                                                   " are not ", out.size(), " elements"));
  }
  const std::byte* block = blocks.data();
  for (int64_t i = 0; i < count; ++i) {
    DequantizeBlock(type, block, out.data() + i * layout->elements);
    block += layout->bytes;
  }
  return absl::OkStatus();
}

}  // namespace assay::engine
