// GPT-2's byte alphabet: printable Latin-1 bytes map to themselves, the others to the characters
// from U+0100 on, in order.
#include "engine/tokenizer/byte_alphabet.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/utf8.h"

namespace assay::engine {
namespace {

constexpr uint32_t kFirstSubstitute = 0x100;
constexpr int kBytes = 256;

constexpr bool MapsToItself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<uint32_t, kBytes> MakeCodePoints() {
  std::array<uint32_t, kBytes> code_points = {};
  uint32_t substitute = kFirstSubstitute;
  for (int byte = 0; byte < kBytes; ++byte) {
    code_points[byte] = MapsToItself(byte) ? static_cast<uint32_t>(byte) : substitute++;
  }
  return code_points;
}

constexpr std::array<uint32_t, kBytes> kCodePoints = MakeCodePoints();

// Every substitute is below this code point.
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

std::optional<std::string> DecodeByteLevel(std::string_view spelling) {
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

std::string EncodeByteLevel(std::string_view bytes) {
  std::string spelling;
  for (const char byte : bytes) AppendUtf8(kCodePoints[static_cast<uint8_t>(byte)], &spelling);
  return spelling;
}

}  // namespace assay::engine
