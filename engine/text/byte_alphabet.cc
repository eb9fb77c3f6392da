// GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the others for U+0100 and up, in
// order.
#include "engine/text/byte_alphabet.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/text/utf8.h"

namespace assay::engine {
namespace {

constexpr uint32_t kFirstSubstitute = 0x100;
constexpr int kBytes = 256;

constexpr bool StandsForItself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<uint32_t, kBytes> MakeCodePoints() {
  std::array<uint32_t, kBytes> code_points = {};
  uint32_t substitute = kFirstSubstitute;
  for (int byte = 0; byte < kBytes; ++byte) {
    code_points[byte] = StandsForItself(byte) ? static_cast<uint32_t>(byte) : substitute++;
  }
  return code_points;
}

constexpr std::array<uint32_t, kBytes> kCodePoints = MakeCodePoints();

std::optional<uint8_t> ByteOf(uint32_t code_point) {
  for (int byte = 0; byte < kBytes; ++byte) {
    if (kCodePoints[byte] == code_point) return static_cast<uint8_t>(byte);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> BytesOfSpelling(std::string_view spelling) {
  std::string bytes;
  for (size_t at = 0; at < spelling.size();) {
    const Utf8Step step = NextUtf8(spelling.substr(at));
    const std::optional<uint8_t> byte = step.valid ? ByteOf(step.code_point) : std::nullopt;
    if (!byte.has_value()) return std::nullopt;
    bytes.push_back(static_cast<char>(*byte));
    at += step.bytes;
  }
  return bytes;
}

std::string SpellingOfByte(uint8_t byte) {
  std::string spelling;
  AppendUtf8(kCodePoints[byte], &spelling);
  return spelling;
}

}  // namespace assay::engine
