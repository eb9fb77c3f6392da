// Python's operations on plain strings.
#include "engine/jinja/values/strings.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"
#include "base/utf8.h"
#include "engine/jinja/values/value.h"
#include "engine/unicode/characters.h"

namespace assay::jinja {
namespace {

bool IsLineBreak(uint32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

bool ContainsCharacter(std::string_view chars, uint32_t c) {
  for (size_t at = 0; at < chars.size();) {
    const Utf8Step step = NextUtf8(chars.substr(at));
    if (step.code_point == c) return true;
    at += step.bytes;
  }
  return false;
}

}  // namespace

std::vector<size_t> CharacterOffsets(std::string_view text) {
  std::vector<size_t> offsets;
  for (size_t at = 0; at < text.size(); at += NextUtf8(text.substr(at)).bytes) {
    offsets.push_back(at);
  }
  offsets.push_back(text.size());
  return offsets;
}

int64_t CountCharacters(std::string_view text) {
  int64_t characters = 0;
  for (size_t at = 0; at < text.size(); at += NextUtf8(text.substr(at)).bytes) ++characters;
  return characters;
}

std::string EscapeHtml(std::string_view text) {
  return absl::StrReplaceAll(
      std::string(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&#34;"}, {"'", "&#39;"}});
}

std::string_view StripString(std::string_view text, const std::string* chars, bool left,
                             bool right) {
  if (chars == nullptr) {
    if (left) text.remove_prefix(unicode::LeadingSpaceBytes(text, unicode::IsPythonSpace));
    if (right) text.remove_suffix(unicode::TrailingSpaceBytes(text, unicode::IsPythonSpace));
    return text;
  }
  const std::vector<size_t> offsets = CharacterOffsets(text);
  size_t begin = 0;
  size_t end = offsets.size() - 1;
  const auto dropped = [&](size_t i) {
    return ContainsCharacter(*chars, NextUtf8(text.substr(offsets[i])).code_point);
  };
  while (left && begin < end && dropped(begin)) ++begin;
  while (right && begin < end && dropped(end - 1)) --end;
  return text.substr(offsets[begin], offsets[end] - offsets[begin]);
}

std::vector<std::string_view> SplitLines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  size_t start = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    size_t after = at + step.bytes;
    if (step.valid && IsLineBreak(step.code_point)) {
      if (text[at] == '\r' && after < text.size() && text[after] == '\n') ++after;
      lines.push_back(text.substr(start, (keep_ends ? after : at) - start));
      start = after;
    }
    at = after;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

absl::StatusOr<std::string> ReplaceString(std::string_view text, std::string_view old,
                                          std::string_view with, int64_t count) {
  std::string out;
  size_t at = 0;
  for (int64_t done = 0; count < 0 || done < count; ++done) {
    const size_t found = text.find(old, at);
    if (found == text.npos) break;
    out += text.substr(at, found - at);
    out += with;
    if (out.size() > kMaxStringBytes) return StringTooLong();
    at = found + old.size();
    if (!old.empty()) continue;
    // Python inserts the new string between all characters.
    if (at >= text.size()) break;
    const size_t bytes = NextUtf8(text.substr(at)).bytes;
    out += text.substr(at, bytes);
    at += bytes;
  }
  if (at < text.size()) out += text.substr(at);
  if (out.size() > kMaxStringBytes) return StringTooLong();
  return out;
}

absl::StatusOr<std::string> JoinStrings(const std::vector<std::string>& items,
                                        std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += separator;
    out += items[i];
    if (out.size() > kMaxStringBytes) return StringTooLong();
  }
  return out;
}

}  // namespace assay::jinja
