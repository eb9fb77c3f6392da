// Joins the bytes of tokens to whole UTF-8 characters.
#include "engine/runtime/generation/utf8_buffer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::engine {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the sequence that a leading byte begins, and the range of its second byte (Unicode
// standard, table 3-7).
struct Lead {
  size_t length;
  uint8_t second_min;
  uint8_t second_max;
};

// Returns length 0 if no character begins with this byte.
Lead LeadOf(uint8_t byte) {
  constexpr uint8_t kMin = 0x80;
  constexpr uint8_t kMax = 0xBF;
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, kMin, kMax};
  if (byte == 0xE0) return {3, 0xA0, kMax};
  if (byte == 0xED) return {3, kMin, 0x9F};
  if (byte < 0xF0) return {3, kMin, kMax};
  if (byte == 0xF0) return {4, 0x90, kMax};
  if (byte < 0xF4) return {4, kMin, kMax};
  if (byte == 0xF4) return {4, kMin, 0x8F};
  return {0, 0, 0};
}

// Returns the number of bytes at the front that match the leading byte's sequence; at least 1.
size_t ValidPrefix(std::string_view bytes, const Lead& lead) {
  size_t valid = 1;
  while (valid < lead.length && valid < bytes.size()) {
    const auto byte = static_cast<uint8_t>(bytes[valid]);
    const uint8_t min = valid == 1 ? lead.second_min : 0x80;
    const uint8_t max = valid == 1 ? lead.second_max : 0xBF;
    if (byte < min || byte > max) break;
    ++valid;
  }
  return valid;
}

}  // namespace

std::string Utf8Buffer::Append(std::string_view bytes) {
  pending_.append(bytes);
  std::string_view rest = pending_;
  std::string out;
  out.reserve(rest.size());
  while (!rest.empty()) {
    const Lead lead = LeadOf(static_cast<uint8_t>(rest.front()));
    const size_t valid = ValidPrefix(rest, lead);
    const bool whole = lead.length != 0 && valid == lead.length;
    if (!whole && lead.length != 0 && valid == rest.size()) break;
    out.append(whole ? rest.substr(0, valid) : kReplacement);
    rest.remove_prefix(valid);
  }
  pending_ = std::string(rest);
  return out;
}

std::string Utf8Buffer::Flush() {
  if (pending_.empty()) return "";
  pending_.clear();
  return std::string(kReplacement);
}

}  // namespace assay::engine
