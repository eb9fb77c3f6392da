// Splits a template into text and the tokens of its tags, as jinja2's lexer does.
#include "engine/jinja/syntax/lexer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/syntax/string_literal.h"
#include "engine/unicode/characters.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

using Kind = TokenKind;

constexpr std::array<std::string_view, 6> kLongSymbols = {"==", "!=", "<=", ">=", "//", "**"};
constexpr char kShortSymbols[] = "[](){}.,:|+-*/%~<>=";

// Returns the number of bytes of the word characters at the beginning of `text`: \w+ of Python.
size_t WordBytes(std::string_view text) {
  constexpr unsigned kWord =
      unicode::kAlpha | unicode::kDecimal | unicode::kDigit | unicode::kNumeric;
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = NextUtf8(text.substr(at));
    if (!step.valid || (step.code_point != '_' && !unicode::HasClass(step.code_point, kWord)))
      break;
    at += step.bytes;
  }
  return at;
}

bool IsIdentifier(std::string_view word) {
  for (size_t at = 0; at < word.size();) {
    const Utf8Step step = NextUtf8(word.substr(at));
    const unsigned wanted = at == 0 ? unicode::kIdentifierStart : unicode::kIdentifierPart;
    if (!unicode::HasClass(step.code_point, wanted)) return false;
    at += step.bytes;
  }
  return true;
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsSign(char c) { return c == '-' || c == '+'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  absl::StatusOr<std::vector<Token>> Run() {
    while (at_ < source_.size()) {
      const size_t tag = NextTag();
      AddText(tag);
      if (tag == std::string_view::npos) break;
      RETURN_IF_ERROR(ReadTag());
    }
    Add(Kind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  std::string_view Rest(size_t skip = 0) const {
    return source_.substr(std::min(at_ + skip, source_.size()));
  }
  absl::Status Error(const std::string& message) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", message));
  }
  void Add(Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }
  void Advance(size_t bytes) {
    const std::string_view passed = Rest().substr(0, bytes);
    line_ += static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
    at_ += passed.size();
  }

  size_t NextTag() const {
    for (size_t i = at_; i + 1 < source_.size(); ++i) {
      if (source_[i] != '{') continue;
      const char next = source_[i + 1];
      if (next == '%' || next == '{' || next == '#') return i;
    }
    return std::string_view::npos;
  }

  // Adds the text up to the tag at `tag`, or up to the end if `tag` is npos.
  void AddText(size_t tag) {
    const size_t end = tag == std::string_view::npos ? source_.size() : tag;
    std::string_view text = source_.substr(at_, end - at_);
    if (tag != std::string_view::npos) text = StripBefore(text, tag);
    if (!text.empty()) Add(Kind::kText, std::string(text));
    Advance(end - at_);
  }

  // Returns what the tag that begins at `tag` leaves of the `text` directly before it.
  std::string_view StripBefore(std::string_view text, size_t tag) const {
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    if (sign == '-') {
      return text.substr(0,
                         text.size() - unicode::TrailingSpaceBytes(text, unicode::IsPythonSpace));
    }
    if (sign == '+' || source_[tag + 1] == '{') return text;
    // lstrip_blocks removes whitespace between the start of the line and a block.
    const size_t line = text.rfind('\n');
    const bool at_line_start = at_ == 0 || source_[at_ - 1] == '\n';
    if (line == std::string_view::npos && !at_line_start) return text;
    const size_t line_start = line == std::string_view::npos ? 0 : line + 1;
    const std::string_view before = text.substr(line_start);
    return unicode::LeadingSpaceBytes(before, unicode::IsPythonSpace) == before.size()
               ? text.substr(0, line_start)
               : text;
  }

  // Removes the whitespace after a tag: all of it, or the newline directly after the tag.
  void AfterTag(bool strip, bool trim_newline) {
    if (strip) {
      Advance(unicode::LeadingSpaceBytes(Rest(), unicode::IsPythonSpace));
    } else if (trim_newline && Rest().starts_with('\n')) {
      Advance(1);
    }
  }

  absl::Status ReadTag() {
    const char kind = source_[at_ + 1];
    if (kind == '#') return SkipComment();
    if (kind == '%') {
      if (const size_t length = RawTagLength(); length > 0) return ReadRaw(length);
    }
    Add(kind == '%' ? Kind::kBlockBegin : Kind::kPrintBegin, "");
    Advance(2);
    if (!Rest().empty() && IsSign(Rest()[0])) Advance(1);
    brackets_.clear();
    const std::string_view close = kind == '%' ? "%}" : "}}";
    while (true) {
      Advance(unicode::LeadingSpaceBytes(Rest(), unicode::IsPythonSpace));
      if (Rest().empty()) return Error(absl::StrCat("tag is not closed with ", std::string(close)));
      if (brackets_.empty() && CloseTag(close)) return absl::OkStatus();
      RETURN_IF_ERROR(ReadToken());
    }
  }

  bool CloseTag(std::string_view close) {
    const bool block = close == "%}";
    const char first = Rest()[0];
    const bool sign = (first == '-' || (first == '+' && block)) && Rest(1).starts_with(close);
    if (!sign && !Rest().starts_with(close)) return false;
    Add(block ? Kind::kBlockEnd : Kind::kPrintEnd, "");
    Advance(close.size() + (sign ? 1 : 0));
    AfterTag(sign && first == '-', block && !sign);
    return true;
  }

  absl::Status SkipComment() {
    const bool signed_begin = Rest().size() > 2 && IsSign(Rest()[2]);
    Advance(signed_begin ? 3 : 2);
    const size_t end = Rest().find("#}");
    if (end == std::string_view::npos) return Error("comment is not closed with #}");
    const char before = end > 0 ? Rest()[end - 1] : '\0';
    Advance(end + 2);
    AfterTag(before == '-', before != '+');
    return absl::OkStatus();
  }

  // Returns the length of the tag {% NAME %} that `text` begins with, without a newline after it,
  // or 0 if it begins with another one. Sets `sign` to the character before %}.
  static size_t NamedTagLength(std::string_view text, std::string_view name, char* sign) {
    std::string_view rest = text;
    if (!rest.starts_with("{%")) return 0;
    rest.remove_prefix(2);
    if (!rest.empty() && IsSign(rest[0])) rest.remove_prefix(1);
    rest.remove_prefix(unicode::LeadingSpaceBytes(rest, unicode::IsPythonSpace));
    if (!rest.starts_with(name)) return 0;
    rest.remove_prefix(name.size());
    rest.remove_prefix(unicode::LeadingSpaceBytes(rest, unicode::IsPythonSpace));
    *sign = rest.empty() ? '\0' : rest[0];
    if (IsSign(*sign)) rest.remove_prefix(1);
    if (!rest.starts_with("%}")) return 0;
    return text.size() - rest.size() + 2;
  }

  size_t RawTagLength() const {
    char sign = '\0';
    const size_t length = NamedTagLength(Rest(), "raw", &sign);
    return sign == '+' ? 0 : length;
  }

  // Adds the text between {% raw %}, whose length is `begin`, and {% endraw %}.
  absl::Status ReadRaw(size_t begin) {
    const bool strip = Rest()[begin - 3] == '-';
    Advance(begin);
    AfterTag(strip, false);
    char sign = '\0';
    for (size_t tag = source_.find("{%", at_); tag != std::string_view::npos;
         tag = source_.find("{%", tag + 1)) {
      const size_t length = NamedTagLength(source_.substr(tag), "endraw", &sign);
      if (length == 0) continue;
      AddText(tag);
      Advance(length);
      AfterTag(sign == '-', sign != '+');
      return absl::OkStatus();
    }
    return Error("raw is not closed with {% endraw %}");
  }

  absl::Status ReadToken() {
    const char c = Rest()[0];
    if (IsDigit(c)) return ReadNumber();
    if (const size_t length = WordBytes(Rest()); length > 0) {
      const std::string_view word = Rest().substr(0, length);
      if (IsIdentifier(word)) return AddToken(Kind::kName, length);
      return Error(absl::StrCat("'", std::string(word), "' is not a name"));
    }
    if (c == '\'' || c == '"') return ReadString(c);
    for (const std::string_view symbol : kLongSymbols) {
      if (Rest().starts_with(symbol)) return AddToken(Kind::kSymbol, symbol.size());
    }
    if (!absl::StrContains(kShortSymbols, c)) {
      return Error(absl::StrCat("character '", std::string(1, c), "' is not allowed in a tag"));
    }
    RETURN_IF_ERROR(TrackBracket(c));
    return AddToken(Kind::kSymbol, 1);
  }

  // Tracks open brackets, within which }} and %} do not close the tag.
  absl::Status TrackBracket(char c) {
    if (c == '(') brackets_.push_back(')');
    if (c == '[') brackets_.push_back(']');
    if (c == '{') brackets_.push_back('}');
    if (c != ')' && c != ']' && c != '}') return absl::OkStatus();
    if (brackets_.empty() || brackets_.back() != c) {
      return Error(absl::StrCat("unexpected '", std::string(1, c), "'"));
    }
    brackets_.pop_back();
    return absl::OkStatus();
  }

  absl::Status AddToken(Kind kind, size_t length) {
    Add(kind, std::string(Rest().substr(0, length)));
    Advance(length);
    return absl::OkStatus();
  }

  // Returns the end of the digits that begin at `from`, with single underscores between them.
  size_t EndOfDigits(size_t from) const {
    size_t length = from;
    while (
        length < Rest().size() &&
        (IsDigit(Rest()[length]) || (length > from && Rest()[length] == '_' &&
                                     length + 1 < Rest().size() && IsDigit(Rest()[length + 1])))) {
      ++length;
    }
    return length;
  }

  // Returns the end of a float at the current position, or 0 if there is none.
  size_t EndOfFloat() const {
    // A number after a dot is an index, as in x.0.1.
    if (at_ > 0 && source_[at_ - 1] == '.') return 0;
    const auto at = [&](size_t i) { return i < Rest().size() ? Rest()[i] : '\0'; };
    size_t length = EndOfDigits(0);
    bool real = false;
    if (at(length) == '.' && IsDigit(at(length + 1))) {
      length = EndOfDigits(length + 1);
      real = true;
    }
    if (at(length) == 'e' || at(length) == 'E') {
      const size_t digits = length + (IsSign(at(length + 1)) ? 2 : 1);
      if (IsDigit(at(digits))) return EndOfDigits(digits);
    }
    return real ? length : 0;
  }

  // Returns the end of an integer at the current position.
  size_t EndOfInteger() const {
    const auto at = [&](size_t i) { return i < Rest().size() ? Rest()[i] : '\0'; };
    const char kind = absl::ascii_tolower(static_cast<unsigned char>(at(1)));
    const std::string_view digits = kind == 'b'   ? "01"
                                    : kind == 'o' ? "01234567"
                                    : kind == 'x' ? "0123456789abcdefABCDEF"
                                                  : "";
    const bool prefixed = at(0) == '0' && !digits.empty();
    // Without a prefix, a number that begins with 0 is 0.
    const std::string_view allowed = prefixed ? digits : (at(0) == '0' ? "0" : "0123456789");
    size_t length = prefixed ? 2 : 1;
    while (length < Rest().size()) {
      const size_t next = at(length) == '_' ? length + 1 : length;
      if (next >= Rest().size() || allowed.find(at(next)) == std::string_view::npos) break;
      length = next + 1;
    }
    return prefixed && length == 2 ? 1 : length;
  }

  absl::Status ReadNumber() {
    const size_t real = EndOfFloat();
    return AddToken(real > 0 ? Kind::kFloat : Kind::kInteger, real > 0 ? real : EndOfInteger());
  }

  absl::Status ReadString(char quote) {
    size_t length = 1;
    while (length < Rest().size() && Rest()[length] != quote) {
      length += Rest()[length] == '\\' ? 2 : 1;
    }
    if (length >= Rest().size()) return Error("string is not closed");
    absl::StatusOr<std::string> text = UnescapeString(Rest().substr(1, length - 1));
    if (!text.ok()) return Annotate(text.status(), absl::StrCat("line ", line_));
    Add(Kind::kString, *std::move(text));
    Advance(length + 1);
    return absl::OkStatus();
  }

  std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  // The closing brackets of those that are open.
  std::string brackets_;
  std::vector<Token> tokens_;
};

}  // namespace

absl::StatusOr<std::vector<Token>> LexTemplate(std::string_view source) {
  // Jinja normalizes line breaks and drops one at the end of the template, because
  // keep_trailing_newline is off.
  const std::string text = absl::StrReplaceAll(std::string(source), {{"\r\n", "\n"}, {"\r", "\n"}});
  std::string_view whole = text;
  if (whole.ends_with('\n')) whole.remove_suffix(1);
  return Lexer(whole).Run();
}

}  // namespace assay::jinja
