// GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the others for U+0100 and up, in
// order.
#include "engine/tokenizer/byte_alphabet.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/utf8.h"

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

// Substitutes end before it.
constexpr uint32_t kEndOfAlphabet = 2 * kFirstSubstitute;
constexpr int16_t kNoByte = -1;

constexpr std::array<int16_t, kEndOfAlphabet> MakeBytes() {
  std::array<int16_t, kEndOfAlphabet> bytes = {};
  for (int16_t& byte : bytes) byte = kNoByte;
  for (int byte = 0; byte < kBytes; ++byte) bytes[kCodePoints[byte]] = static_cast<int16_t>(byte);
  return bytes;
}

constexpr std::array<int16_t, kEndOfAlphabet> kBytesOf = MakeBytes();

std::optional<uint8_t> ByteOf(uint32_t code_point) {
  if (code_point >= kEndOfAlphabet || kBytesOf[code_point] == kNoByte) return std::nullopt;
  return static_cast<uint8_t>(kBytesOf[code_point]);
}

}  // namespace

std::optional<std::string> BytesOfSpelling(std::string_view spelling) {
  std::string bytes;
  bytes.reserve(spelling.size());
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
