// Implementation of the tokenizer for scored text.
#include "evaluator/scoring/tokens.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "evaluator/scoring/clean_text.h"
#include "evaluator/scoring/tweet_length.h"
#include "evaluator/scoring/word_lists.h"

namespace assay::evaluator {
namespace {

constexpr char32_t kCurlyApostrophe = 0x2019;
constexpr char32_t kEllipsis = 0x2026;
constexpr std::array<char32_t, 5> kUnitSigns = {U'%', U'$', 0x20AC, 0xA3, 0xB0};

// True for single letters ("m" of "p.m.") and common abbreviations ("vs").
bool IsAbbreviation(std::string_view word) {
  constexpr auto kAbbreviations = std::to_array<std::string_view>(
      {"approx", "ca", "cf", "dr", "etc", "fig", "inc", "ltd", "mr", "mrs", "no", "st", "vs"});
  const std::string lower = absl::AsciiStrToLower(std::string(word));
  return lower.size() == 1 ||
         std::binary_search(kAbbreviations.begin(), kAbbreviations.end(), std::string_view(lower));
}

bool IsSentenceMark(char32_t c) { return c == U'.' || c == U'!' || c == U'?' || c == kEllipsis; }

bool IsCloser(char32_t c) {
  return c == U'"' || c == U'\'' || c == U')' || c == U']' || c == U'*' || c == U'_' || c == U'`' ||
         c == 0x201D || c == kCurlyApostrophe || c == 0xBB;
}

bool IsUpper(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_LU;
}

bool IsLower(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_LL;
}

// Returns the number of bytes of the run of word characters at the start of `text`.
size_t RunBytes(std::string_view text) {
  size_t end = 0;
  while (end < text.size()) {
    const CodePoint c = FirstCodePoint(text.substr(end));
    if (!IsWordCharacter(c.value) && c.value != U'_') break;
    end += c.bytes;
  }
  return end;
}

}  // namespace

Token Tokens::Consume(TokenKind kind, size_t bytes) {
  const Token token{.kind = kind, .text = rest_.substr(0, bytes)};
  rest_.remove_prefix(bytes);
  return token;
}

size_t Tokens::WordBytes() const {
  size_t end = 0;
  while (end < rest_.size()) {
    const CodePoint c = FirstCodePoint(rest_.substr(end));
    if (!IsWordCharacter(c.value)) {
      const bool apostrophe = c.value == U'\'' || c.value == kCurlyApostrophe;
      const bool point = (c.value == U'.' || c.value == U',' || c.value == U':') && end > 0 &&
                         absl::ascii_isdigit(rest_[end - 1]);
      if (end == 0 || end + c.bytes >= rest_.size() || (!apostrophe && !point)) break;
      const char32_t next = FirstCodePoint(rest_.substr(end + c.bytes)).value;
      const bool digit = next >= U'0' && next <= U'9';
      if (point ? !digit : !IsWordCharacter(next)) break;
    }
    end += c.bytes;
  }
  return end;
}

Tokens::Mark Tokens::SentenceMark() const {
  size_t end = 0;
  bool only_stop = true;
  bool closing = false;
  while (end < rest_.size()) {
    const CodePoint c = FirstCodePoint(rest_.substr(end));
    if (IsSentenceMark(c.value) && !closing) {
      only_stop = only_stop && c.value == U'.';
    } else if (IsCloser(c.value) && end > 0) {
      closing = true;
    } else {
      break;
    }
    end += c.bytes;
  }
  if (end == rest_.size()) return {.bytes = end, .ends = true};
  if (rest_[end] != ' ' && rest_[end] != '\n') return {.bytes = end};
  const std::string_view next = rest_.substr(end + 1);
  const bool continues = only_stop && IsAbbreviation(last_word_) && !next.empty() &&
                         IsLower(FirstCodePoint(next).value);
  return {.bytes = end, .ends = !continues};
}

std::optional<Token> Tokens::Next() {
  while (!rest_.empty()) {
    const CodePoint c = FirstCodePoint(rest_);
    if (const size_t url = UrlBytes(rest_); url > 0) return Consume(TokenKind::kUrl, url);
    if (c.value == U'#' || c.value == U'@') {
      const size_t name = RunBytes(rest_.substr(1));
      const auto kind = c.value == U'#' ? TokenKind::kHashtag : TokenKind::kMention;
      if (name > 0) return Consume(kind, name + 1);
    }
    if (IsWordCharacter(c.value)) {
      // A run that begins with a combining mark, such as U+FE0F after an emoji, is not a word.
      const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c.value));
      const size_t bytes = WordBytes();
      if (category < UTF8PROC_CATEGORY_MN || category > UTF8PROC_CATEGORY_ME) {
        last_word_ = rest_.substr(0, bytes);
        return Consume(TokenKind::kWord, bytes);
      }
      rest_.remove_prefix(bytes);
      continue;
    }
    if (IsSentenceMark(c.value)) {
      const Mark mark = SentenceMark();
      if (mark.ends) return Consume(TokenKind::kSentenceEnd, mark.bytes);
      rest_.remove_prefix(mark.bytes);
      continue;
    }
    if (IsEmoji(c.value)) return Consume(TokenKind::kEmoji, c.bytes);
    if (std::find(kUnitSigns.begin(), kUnitSigns.end(), c.value) != kUnitSigns.end()) {
      return Consume(TokenKind::kUnitSign, c.bytes);
    }
    rest_.remove_prefix(c.bytes);
  }
  return std::nullopt;
}

Word MakeWord(std::string_view text) {
  Word word;
  word.lower.reserve(text.size());
  word.capital = IsUpper(FirstCodePoint(text).value);
  while (!text.empty()) {
    const CodePoint c = FirstCodePoint(text);
    if (c.value == kCurlyApostrophe) {
      word.lower += '\'';
    } else {
      std::array<utf8proc_uint8_t, 4> bytes = {};
      const utf8proc_ssize_t size = utf8proc_encode_char(
          utf8proc_tolower(static_cast<utf8proc_int32_t>(c.value)), bytes.data());
      word.lower.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(size));
    }
    word.number = word.number || (c.value >= U'0' && c.value <= U'9');
    ++word.characters;
    text.remove_prefix(c.bytes);
  }
  word.function = IsFunctionWord(word.lower);
  return word;
}

}  // namespace assay::evaluator
