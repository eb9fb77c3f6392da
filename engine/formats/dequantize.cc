// Converts stored weights to floats: the float types here, the block types in their own files.
#include "engine/formats/dequantize.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
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

// The types of GGUF that are not supported.
// https://github.com/ggml-org/ggml, GGML_QUANT_SIZES of gguf-py.
struct UnsupportedFormat {
  uint32_t type;
  const char* name;
  BlockLayout layout;
};
constexpr UnsupportedFormat kUnsupported[] = {
    {16, "IQ2_XXS", {256, 66}},
    {17, "IQ2_XS", {256, 74}},
    {18, "IQ3_XXS", {256, 98}},
    {19, "IQ1_S", {256, 50}},
    {21, "IQ3_S", {256, 110}},
    {22, "IQ2_S", {256, 82}},
    {24, "I8", {1, 1}},
    {25, "I16", {1, 2}},
    {26, "I32", {1, 4}},
    {27, "I64", {1, 8}},
    {28, "F64", {1, 8}},
    {29, "IQ1_M", {256, 56}},
    // Q4_0 and IQ4_NL in the order of a particular processor, which llama.cpp has dropped.
    {31, "Q4_0_4_4", {32, 18}},
    {32, "Q4_0_4_8", {32, 18}},
    {33, "Q4_0_8_8", {32, 18}},
    {36, "IQ4_NL_4_4", {32, 18}},
    {37, "IQ4_NL_4_8", {32, 18}},
    {38, "IQ4_NL_8_8", {32, 18}},
    {40, "NVFP4", {64, 36}},
    {41, "Q1_0", {128, 18}},
};

const UnsupportedFormat* FindUnsupported(GgmlType type) {
  const auto* const it = std::find_if(
      std::begin(kUnsupported), std::end(kUnsupported),
      [&](const UnsupportedFormat& format) { return format.type == static_cast<uint32_t>(type); });
  return it == std::end(kUnsupported) ? nullptr : it;
}

std::array<absl::Span<const BlockFormat>, 3> AllFormats() {
  return {kFloats, BlockQuants(), KQuants()};
}

// Returns null for a type that is not supported.
const BlockFormat* FindFormat(GgmlType type) {
  for (const absl::Span<const BlockFormat> formats : AllFormats()) {
    for (const BlockFormat& format : formats) {
      if (format.type == type) return &format;
    }
  }
  return nullptr;
}

}  // namespace

absl::Status UnsupportedTypeError(const std::string& type) {
  std::vector<std::string> names;
  for (const absl::Span<const BlockFormat> formats : AllFormats()) {
    for (const BlockFormat& format : formats) names.emplace_back(format.name);
  }
  return absl::UnimplementedError(absl::StrCat(
      type, " tensors are not supported; the supported types are ", absl::StrJoin(names, ", ")));
}

std::string GgmlTypeName(GgmlType type) {
  if (const BlockFormat* format = FindFormat(type)) return format->name;
  if (const UnsupportedFormat* format = FindUnsupported(type)) return format->name;
  return absl::StrCat("type ", static_cast<uint32_t>(type));
}

absl::StatusOr<BlockLayout> LayoutOf(GgmlType type) {
  const BlockFormat* format = FindFormat(type);
  if (format == nullptr) return UnsupportedTypeError(GgmlTypeName(type));
  return format->layout;
}

absl::StatusOr<BlockLayout> StoredLayoutOf(GgmlType type) {
  if (const UnsupportedFormat* format = FindUnsupported(type)) return format->layout;
  return LayoutOf(type);
}

absl::Status Dequantize(GgmlType type, absl::Span<const std::byte> blocks, absl::Span<float> out) {
  const BlockFormat* format = FindFormat(type);
  if (format == nullptr) return UnsupportedTypeError(GgmlTypeName(type));
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
