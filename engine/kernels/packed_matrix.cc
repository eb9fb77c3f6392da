// A weight matrix in the layout of the CPU's kernels.
#include "engine/kernels/packed_matrix.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/types/span.h"
#include "engine/formats/block_format.h"
#include "engine/kernels/narrow_floats.h"

namespace assay::engine {
namespace {

constexpr int64_t kHalfGroup = kGroup / 2;
constexpr int64_t kPanelQuadBytes = kPanelRows * kQuad;
constexpr int64_t kInt8PanelGroupBytes = kPanelRows * kGroup;
constexpr int64_t kInt4PanelGroupBytes = kInt8PanelGroupBytes / 2;
constexpr int kInt8Zero = 128;
constexpr int kInt8Max = 127;
constexpr int kInt4Zero = 8;
constexpr int kInt4Max = 15;
// Converts a signed byte to one with a bias of 128.
constexpr uint8_t kSignBit = 0x80;

int64_t PanelValueBytes(PackedType type, int64_t columns) {
  switch (type) {
    case PackedType::kFloat32:
      return columns * kPanelRows * static_cast<int64_t>(sizeof(float));
    case PackedType::kFloat16:
    case PackedType::kBFloat16:
      return columns * kPanelRows * static_cast<int64_t>(sizeof(uint16_t));
    case PackedType::kInt8:
      return columns / kGroup * kInt8PanelGroupBytes;
    case PackedType::kInt4:
    case PackedType::kInt4Affine:
      return columns / kGroup * kInt4PanelGroupBytes;
  }
  return 0;
}

int64_t ScalesOfPanel(PackedType type, int64_t columns) {
  if (!IsQuantized(type)) return 0;
  return columns / kGroup * kPanelRows * (type == PackedType::kInt4Affine ? 2 : 1);
}

int64_t PanelsOf(int64_t rows) { return (rows + kPanelRows - 1) / kPanelRows; }

// The position of a code within the bytes of a group; `high` is true if it is in the high half.
struct CodePlace {
  int64_t byte;
  bool high;
};
CodePlace PlaceOf(PackedType type, int64_t row, int64_t i) {
  const int64_t place = type == PackedType::kInt8 ? i : i % kHalfGroup;
  return {.byte = place / kQuad * kPanelQuadBytes + row * kQuad + place % kQuad,
          .high = type != PackedType::kInt8 && i >= kHalfGroup};
}

// The codes of a group's weights with their scale and minimum.
struct QuantizedGroup {
  std::array<uint8_t, kGroup> codes;
  uint16_t scale;
  uint16_t minimum;
};

QuantizedGroup QuantizeGroup(PackedType type, const float* weights) {
  QuantizedGroup out{};
  const auto [min, max] = std::minmax_element(weights, weights + kGroup);
  float offset = 0.0F;
  float step = 0.0F;
  int top = kInt4Max;
  if (type == PackedType::kInt8) {
    step = std::max(-*min, *max) / kInt8Max;
    top = kInt8Zero + kInt8Max;
  } else if (type == PackedType::kInt4) {
    // The weight that is farthest from zero becomes code 0 without error.
    step = (-*min > *max ? *min : *max) / -kInt4Zero;
  } else {
    step = (*max - *min) / kInt4Max;
    out.minimum = HalfFromFloat(*min);
    offset = HalfToFloat(out.minimum);
  }
  out.scale = HalfFromFloat(step);
  const float scale = HalfToFloat(out.scale);
  const float inverse = scale == 0.0F ? 0.0F : 1.0F / scale;
  const int zero = type == PackedType::kInt8   ? kInt8Zero
                   : type == PackedType::kInt4 ? kInt4Zero
                                               : 0;
  for (int64_t i = 0; i < kGroup; ++i) {
    const int code = static_cast<int>(std::lround((weights[i] - offset) * inverse)) + zero;
    out.codes[static_cast<size_t>(i)] = static_cast<uint8_t>(std::clamp(code, 0, top));
  }
  return out;
}

AlignedBuffer AllocateFrom(BufferArena* arena, int64_t bytes) {
  const auto size = static_cast<size_t>(bytes);
  return arena == nullptr ? AlignedBuffer(size) : arena->Allocate(size);
}

}  // namespace

bool IsQuantized(PackedType type) {
  return type == PackedType::kInt8 || type == PackedType::kInt4 || type == PackedType::kInt4Affine;
}

PackedMatrix::PackedMatrix(PackedType type, int64_t rows, int64_t columns, BufferArena* arena)
    : type_(type),
      rows_(rows),
      columns_(columns),
      panel_value_bytes_(PanelValueBytes(type, columns)),
      panel_scales_(ScalesOfPanel(type, columns)),
      values_(AllocateFrom(arena, PanelsOf(rows) * panel_value_bytes_)),
      scales_(AllocateFrom(
          arena, PanelsOf(rows) * panel_scales_ * static_cast<int64_t>(sizeof(uint16_t)))) {}

bool PackedMatrix::Supports(PackedType type, int64_t columns) {
  return !IsQuantized(type) || columns % kGroup == 0;
}

int64_t PackedMatrix::BytesOf(PackedType type, int64_t rows, int64_t columns) {
  return PanelsOf(rows) * (PanelValueBytes(type, columns) +
                           ScalesOfPanel(type, columns) * static_cast<int64_t>(sizeof(uint16_t)));
}

std::optional<PackedType> PackedMatrix::ExactTypeOf(GgmlType stored) {
  switch (stored) {
    case GgmlType::kF32:
      return PackedType::kFloat32;
    case GgmlType::kF16:
      return PackedType::kFloat16;
    case GgmlType::kBF16:
      return PackedType::kBFloat16;
    case GgmlType::kQ8_0:
      return PackedType::kInt8;
    case GgmlType::kQ4_0:
      return PackedType::kInt4;
    case GgmlType::kQ4_1:
      return PackedType::kInt4Affine;
    default:
      return std::nullopt;
  }
}

void PackedMatrix::SetStoredPanel(int64_t panel, GgmlType stored,
                                  absl::Span<const std::byte* const> rows) {
  auto* values = reinterpret_cast<uint8_t*>(MutableValues(panel));
  if (!IsQuantized(type_)) {
    const size_t size = type_ == PackedType::kFloat32 ? sizeof(float) : sizeof(uint16_t);
    for (size_t row = 0; row < rows.size(); ++row) {
      for (int64_t i = 0; i < columns_; ++i) {
        std::memcpy(values + (static_cast<size_t>(i * kPanelRows) + row) * size,
                    rows[row] + static_cast<size_t>(i) * size, size);
      }
    }
    return;
  }
  const bool affine = stored == GgmlType::kQ4_1;
  const int64_t header = affine ? 2 * sizeof(uint16_t) : sizeof(uint16_t);
  const int64_t code_bytes = stored == GgmlType::kQ8_0 ? kGroup : kHalfGroup;
  const int64_t group_bytes = code_bytes * kPanelRows;
  const uint32_t flip = stored == GgmlType::kQ8_0 ? kSignBit * 0x01010101U : 0U;
  uint16_t* scales = MutableScales(panel);
  const int64_t scale_step = affine ? 2 * kPanelRows : kPanelRows;
  for (int64_t group = 0; group < groups(); ++group) {
    uint8_t* to = values + group * group_bytes;
    uint16_t* scale = scales + group * scale_step;
    for (size_t row = 0; row < rows.size(); ++row) {
      const std::byte* block = rows[row] + group * (header + code_bytes);
      std::memcpy(scale + row, block, sizeof(uint16_t));
      if (affine) std::memcpy(scale + kPanelRows + row, block + 2, sizeof(uint16_t));
      for (int64_t quad = 0; quad < code_bytes / kQuad; ++quad) {
        uint32_t codes = 0;
        std::memcpy(&codes, block + header + quad * kQuad, sizeof(codes));
        codes ^= flip;
        std::memcpy(to + quad * kPanelQuadBytes + row * kQuad, &codes, sizeof(codes));
      }
    }
  }
}

void PackedMatrix::SetPanel(int64_t panel, absl::Span<const float* const> rows) {
  if (!IsQuantized(type_)) return SetFloatPanel(panel, rows);
  for (size_t row = 0; row < rows.size(); ++row) {
    for (int64_t group = 0; group < groups(); ++group) {
      SetQuantizedGroup(panel, static_cast<int64_t>(row), group, rows[row] + group * kGroup);
    }
  }
}

void PackedMatrix::SetFloatPanel(int64_t panel, absl::Span<const float* const> rows) {
  std::byte* values = MutableValues(panel);
  for (size_t row = 0; row < rows.size(); ++row) {
    for (int64_t i = 0; i < columns_; ++i) {
      const size_t place = static_cast<size_t>(i * kPanelRows) + row;
      const float value = rows[row][i];
      if (type_ == PackedType::kFloat32) {
        std::memcpy(values + place * sizeof(value), &value, sizeof(value));
        continue;
      }
      const uint16_t narrow =
          type_ == PackedType::kFloat16 ? HalfFromFloat(value) : BFloat16FromFloat(value);
      std::memcpy(values + place * sizeof(narrow), &narrow, sizeof(narrow));
    }
  }
}

void PackedMatrix::SetQuantizedGroup(int64_t panel, int64_t row, int64_t group,
                                     const float* weights) {
  const QuantizedGroup quantized = QuantizeGroup(type_, weights);
  const bool wide = type_ == PackedType::kInt8;
  auto* codes = reinterpret_cast<uint8_t*>(MutableValues(panel)) +
                group * (wide ? kInt8PanelGroupBytes : kInt4PanelGroupBytes);
  for (int64_t i = 0; i < kGroup; ++i) {
    const CodePlace place = PlaceOf(type_, row, i);
    const uint8_t code = quantized.codes[static_cast<size_t>(i)];
    uint8_t& byte = codes[place.byte];
    if (wide) {
      byte = code;
    } else {
      byte = static_cast<uint8_t>(place.high ? (byte & 0x0F) | (code << 4) : (byte & 0xF0) | code);
    }
  }
  const bool affine = type_ == PackedType::kInt4Affine;
  uint16_t* scale = MutableScales(panel) + group * kPanelRows * (affine ? 2 : 1) + row;
  *scale = quantized.scale;
  if (affine) scale[kPanelRows] = quantized.minimum;
}

void PackedMatrix::GetRow(int64_t row, float* out) const {
  const int64_t panel = row / kPanelRows;
  const int64_t lane = row % kPanelRows;
  const std::byte* values = PanelValues(panel);
  if (!IsQuantized(type_)) {
    for (int64_t i = 0; i < columns_; ++i) {
      const int64_t place = i * kPanelRows + lane;
      if (type_ == PackedType::kFloat32) {
        std::memcpy(out + i, values + place * static_cast<int64_t>(sizeof(float)), sizeof(float));
        continue;
      }
      uint16_t narrow = 0;
      std::memcpy(&narrow, values + place * static_cast<int64_t>(sizeof(narrow)), sizeof(narrow));
      out[i] = type_ == PackedType::kFloat16 ? HalfToFloat(narrow) : BFloat16ToFloat(narrow);
    }
    return;
  }
  const bool wide = type_ == PackedType::kInt8;
  const bool affine = type_ == PackedType::kInt4Affine;
  const int zero = wide ? kInt8Zero : affine ? 0 : kInt4Zero;
  for (int64_t group = 0; group < groups(); ++group) {
    const auto* codes = reinterpret_cast<const uint8_t*>(values) +
                        group * (wide ? kInt8PanelGroupBytes : kInt4PanelGroupBytes);
    const uint16_t* scales = PanelScales(panel) + group * kPanelRows * (affine ? 2 : 1) + lane;
    const float scale = HalfToFloat(*scales);
    const float minimum = affine ? HalfToFloat(scales[kPanelRows]) : 0.0F;
    for (int64_t i = 0; i < kGroup; ++i) {
      const CodePlace place = PlaceOf(type_, lane, i);
      const uint8_t byte = codes[place.byte];
      const int code = wide ? byte : place.high ? byte >> 4 : byte & 0x0F;
      out[group * kGroup + i] = scale * static_cast<float>(code - zero) + minimum;
    }
  }
}

}  // namespace assay::engine
