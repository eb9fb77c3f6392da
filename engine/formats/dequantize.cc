// From stored weights to floats: the float types, and the way to the block types.
#include "engine/formats/dequantize.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "engine/formats/block_format.h"

namespace assay::engine {
namespace {

struct F32 {
  static constexpr int kElements = 1;
  static constexpr int kBytes = 4;
  static void Dequantize(const uint8_t* block, float* out) { std::memcpy(out, block, kBytes); }
};

struct F16 {
  static constexpr int kElements = 1;
  static constexpr int kBytes = 2;
  static void Dequantize(const uint8_t* block, float* out) { *out = LoadHalf(block); }
};

struct Bf16 {
  static constexpr int kElements = 1;
  static constexpr int kBytes = 2;
  static void Dequantize(const uint8_t* block, float* out) {
    *out = std::bit_cast<float>(static_cast<uint32_t>(Load<uint16_t>(block)) << 16);
  }
};

constexpr BlockFormat kFloats[] = {
    FormatOf<F32>(GgmlType::kF32, "F32"),
    FormatOf<F16>(GgmlType::kF16, "F16"),
    FormatOf<Bf16>(GgmlType::kBF16, "BF16"),
};

std::array<absl::Span<const BlockFormat>, 3> AllFormats() {
  return {kFloats, BlockQuants(), KQuants()};
}

// Null for a type that is not read.
const BlockFormat* FindFormat(GgmlType type) {
  for (const absl::Span<const BlockFormat> formats : AllFormats()) {
    for (const BlockFormat& format : formats) {
      if (format.type == type) return &format;
    }
  }
  return nullptr;
}

absl::Status Unread(GgmlType type) {
  std::vector<std::string> names;
  for (const absl::Span<const BlockFormat> formats : AllFormats()) {
    for (const BlockFormat& format : formats) names.emplace_back(format.name);
  }
  return absl::UnimplementedError(absl::StrCat(
      GgmlTypeName(type), " tensors are not read; these are: ", absl::StrJoin(names, ", ")));
}

}  // namespace

std::string GgmlTypeName(GgmlType type) {
  const BlockFormat* format = FindFormat(type);
  return format == nullptr ? absl::StrCat("type ", static_cast<uint32_t>(type)) : format->name;
}

absl::StatusOr<BlockLayout> LayoutOf(GgmlType type) {
  const BlockFormat* format = FindFormat(type);
  if (format == nullptr) return Unread(type);
  return format->layout;
}

absl::Status Dequantize(GgmlType type, absl::Span<const std::byte> blocks, absl::Span<float> out) {
  const BlockFormat* format = FindFormat(type);
  if (format == nullptr) return Unread(type);
  const BlockLayout& layout = format->layout;
  const auto count = static_cast<int64_t>(out.size()) / layout.elements;
  if (count * layout.elements != static_cast<int64_t>(out.size()) ||
      count * layout.bytes != static_cast<int64_t>(blocks.size())) {
    return absl::InvalidArgumentError(absl::StrCat(blocks.size(), " bytes of ", format->name,
                                                   " are not ", out.size(), " elements"));
  }
  format->dequantize(reinterpret_cast<const uint8_t*>(blocks.data()), count, out.data());
  return absl::OkStatus();
}

}  // namespace assay::engine
