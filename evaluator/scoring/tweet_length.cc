// Implementation of the weighted length of a tweet.
#include "evaluator/scoring/tweet_length.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "evaluator/scoring/clean_text.h"

namespace assay::evaluator {
namespace {

constexpr int64_t kUrlLength = 23;
constexpr int64_t kLightWeight = 1;
constexpr int64_t kHeavyWeight = 2;
// The limits of RFC 1035.
constexpr size_t kMaxLabelBytes = 63;
constexpr size_t kMaxDomainBytes = 253;

constexpr char32_t kJoiner = 0x200D;
constexpr char32_t kEmojiStyle = 0xFE0F;
constexpr char32_t kKeycap = 0x20E3;

constexpr std::array<std::string_view, 30> kTopLevelDomains = {
    "app", "ai",  "at",  "au", "biz", "blog", "ca",   "ch",   "co", "com",
    "de",  "dev", "edu", "es", "eu",  "fr",   "gov",  "info", "io", "it",
    "jp",  "me",  "net", "nl", "org", "se",   "shop", "tv",   "uk", "us"};

bool IsLabelCharacter(char c) { return absl::ascii_isalnum(c) || c == '-'; }

// Returns the number of bytes of the host name at the start of `text`; 0 if a label is too long,
// there is only one, or the last is not a known top-level domain.
size_t DomainBytes(std::string_view text) {
  size_t end = 0;
  size_t label = 0;
  size_t last_label = 0;
  text = text.substr(0, kMaxDomainBytes);
  for (; end < text.size(); ++end) {
    if (text[end] == '.') {
      if (label == 0 || end + 1 >= text.size() || !absl::ascii_isalnum(text[end + 1])) break;
      last_label = end + 1;
      label = 0;
    } else if (IsLabelCharacter(text[end])) {
      if (++label > kMaxLabelBytes) return 0;
    } else {
      break;
    }
  }
  if (last_label == 0) return 0;
  const std::string top =
      absl::AsciiStrToLower(std::string(text.substr(last_label, end - last_label)));
  const bool known =
      std::find(kTopLevelDomains.begin(), kTopLevelDomains.end(), top) != kTopLevelDomains.end();
  return known ? end : 0;
}

bool EndsUrl(char c) {
  return absl::ascii_isspace(c) || !absl::ascii_isascii(c) || absl::StrContains("<>\"'()[]{}`", c);
}

bool IsModifier(char32_t c) {
  return c == kEmojiStyle || c == kKeycap || (c >= 0x1F3FB && c <= 0x1F3FF) ||
         (c >= 0xE0020 && c <= 0xE007F);
}

bool IsRegionalIndicator(char32_t c) { return c >= 0x1F1E6 && c <= 0x1F1FF; }

// Returns the number of bytes of the keycap emoji at the start of `text` (a digit, # or *, then an
// optional U+FE0F, then U+20E3); 0 if there is none.
size_t KeycapBytes(std::string_view text) {
  if (!absl::ascii_isdigit(text.front()) && text.front() != '#' && text.front() != '*') return 0;
  size_t end = 1;
  for (bool style = false; end < text.size();) {
    const CodePoint c = FirstCodePoint(text.substr(end));
    if (c.value == kKeycap) return end + c.bytes;
    if (c.value != kEmojiStyle || style) return 0;
    style = true;
    end += c.bytes;
  }
  return 0;
}

// Returns the number of bytes of the emoji at the start of `text`, including its modifiers and
// joined emoji; 0 if there is none.
size_t EmojiBytes(std::string_view text) {
  if (const size_t keycap = KeycapBytes(text); keycap > 0) return keycap;
  CodePoint c = FirstCodePoint(text);
  if (!IsEmoji(c.value)) return 0;
  size_t end = c.bytes;
  bool pair = IsRegionalIndicator(c.value);
  bool joined = false;
  while (end < text.size()) {
    c = FirstCodePoint(text.substr(end));
    if (!IsModifier(c.value) && c.value != kJoiner && !(pair && IsRegionalIndicator(c.value)) &&
        !(joined && IsEmoji(c.value))) {
      break;
    }
    pair = false;
    joined = c.value == kJoiner;
    end += c.bytes;
  }
  return end;
}

int64_t Weight(char32_t c) {
  const bool light = c <= 0x10FF || (c >= 0x2000 && c <= 0x200D) || (c >= 0x2010 && c <= 0x201F) ||
                     (c >= 0x2032 && c <= 0x2037);
  return light ? kLightWeight : kHeavyWeight;
}

std::string Composed(std::string_view text) {
  utf8proc_uint8_t* composed = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &composed,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(composed, &std::free);
  if (size < 0) return std::string(text);
  return {reinterpret_cast<const char*>(composed), static_cast<size_t>(size)};
}

}  // namespace

size_t UrlBytes(std::string_view text) {
  size_t scheme = 0;
  for (std::string_view prefix : {"https://", "http://"}) {
    if (scheme == 0 &&
        absl::StartsWithIgnoreCase({text.data(), text.size()}, {prefix.data(), prefix.size()})) {
      scheme = prefix.size();
    }
  }
  size_t end = scheme;
  if (scheme == 0) {
    end = DomainBytes(text);
    if (end == 0) return 0;
    if (end < text.size() && text[end] != '/' && text[end] != '?') return end;
  }
  while (end < text.size() && !EndsUrl(text[end])) ++end;
  while (end > scheme && absl::StrContains(".,;:!?", text[end - 1])) {
    --end;
  }
  return end > scheme ? end : 0;
}

int64_t TweetLength(std::string_view text) {
  const std::string composed = Composed(text);
  std::string_view rest = composed;
  int64_t length = 0;
  bool in_word = false;
  while (!rest.empty()) {
    const CodePoint c = FirstCodePoint(rest);
    size_t bytes = c.bytes;
    if (const size_t url = in_word ? 0 : UrlBytes(rest); url > 0) {
      length += kUrlLength;
      bytes = url;
    } else if (const size_t emoji = EmojiBytes(rest); emoji > 0) {
      length += kHeavyWeight;
      bytes = emoji;
    } else {
      length += Weight(c.value);
    }
    in_word = bytes == c.bytes &&
              (IsWordCharacter(c.value) || c.value == U'@' || c.value == U'.' || c.value == U'-');
    rest.remove_prefix(bytes);
  }
  return length;
}

}  // namespace assay::evaluator
