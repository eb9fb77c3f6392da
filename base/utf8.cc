// Validating UTF-8 decoding.
#include "base/utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Lead {
  int continuation_bytes;
  uint32_t bits;
  // The range of the second byte. The range of later bytes is 80..BF.
  uint8_t low;
  uint8_t high;
};

// Returns a continuation count of -1 if the byte is never a first byte.
Lead Classify(uint8_t byte) {
  if (byte < 0x80) return {0, byte, 0, 0};
  if (byte < 0xC2) return {-1, 0, 0, 0};
  if (byte < 0xE0) return {1, byte & 0x1FU, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0xD, 0x80, 0x9F};
  if (byte < 0xF0) return {2, byte & 0xFU, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0, 0x90, 0xBF};
  if (byte < 0xF4) return {3, byte & 0x7U, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 4, 0x80, 0x8F};
  return {-1, 0, 0, 0};
}

// Continuation bytes have the form 10xxxxxx.
bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0U) == 0x80U; }

}  // namespace

Utf8Step NextUtf8(std::string_view text) {
  const Lead lead = Classify(static_cast<uint8_t>(text[0]));
  if (lead.continuation_bytes < 0) return {0, 1, false};
  uint32_t code_point = lead.bits;
  for (int i = 1; i <= lead.continuation_bytes; ++i) {
    const auto at = static_cast<size_t>(i);
    if (at >= text.size()) return {0, at, false};
    const auto byte = static_cast<uint8_t>(text[at]);
    const uint8_t low = i == 1 ? lead.low : 0x80;
    const uint8_t high = i == 1 ? lead.high : 0xBF;
    if (byte < low || byte > high) return {0, at, false};
    code_point = (code_point << 6) | (byte & 0x3FU);
  }
  return {code_point, static_cast<size_t>(lead.continuation_bytes) + 1, true};
}

std::optional<size_t> FindInvalidUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    if (!step.valid) return at;
    at += step.bytes;
  }
  return std::nullopt;
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    out.append(step.valid ? text.substr(at, step.bytes) : kReplacement);
    at += step.bytes;
  }
  return out;
}

std::string_view Utf8Prefix(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && IsContinuation(text[max_bytes])) --max_bytes;
  return text.substr(0, max_bytes);
}

size_t CountUtf8Characters(std::string_view text) {
  return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), IsContinuation));
}

void AppendUtf8(uint32_t code_point, std::string* out) {
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
    return;
  }
  const int continuation_bytes = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  constexpr uint32_t kLeadMarks[] = {0, 0xC0, 0xE0, 0xF0};
  out->push_back(
      static_cast<char>(kLeadMarks[continuation_bytes] | (code_point >> (6 * continuation_bytes))));
  for (int i = continuation_bytes - 1; i >= 0; --i) {
    out->push_back(static_cast<char>(0x80U | ((code_point >> (6 * i)) & 0x3FU)));
  }
}

}  // namespace assay
