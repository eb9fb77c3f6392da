// Cuts a template into text and the tokens of its tags.
#include "engine/text/template_lexer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace assay::engine {
namespace {

using Kind = TemplateTokenKind;

constexpr std::array<std::string_view, 5> kLongSymbols = {"==", "!=", "<=", ">=", "//"};
constexpr char kShortSymbols[] = "[](){}.,:|+-*/%~<>=";

bool IsNameStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsNamePart(char c) { return absl::ascii_isalnum(c) || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  absl::StatusOr<std::vector<TemplateToken>> Run() {
    while (at_ < source_.size()) {
      const size_t tag = NextTag();
      AddText(tag);
      if (tag == std::string_view::npos) break;
      at_ = tag;
      if (absl::Status s = ReadTag(); !s.ok()) return s;
    }
    Add(Kind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  absl::Status Error(const std::string& message) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", message));
  }

  void Add(Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  void Advance(size_t to) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
    at_ = to;
  }

  size_t NextTag() const {
    for (size_t i = at_; i + 1 < source_.size(); ++i) {
      if (source_[i] != '{') continue;
      const char next = source_[i + 1];
      if (next == '%' || next == '{' || next == '#') return i;
    }
    return std::string_view::npos;
  }

  // Text up to the tag at `tag` (npos: to the end), stripped as the tags on both sides ask.
  void AddText(size_t tag) {
    const size_t end = tag == std::string_view::npos ? source_.size() : tag;
    std::string_view text = source_.substr(at_, end - at_);
    if (strip_next_) {
      text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\v\f"), text.size()));
    } else if (trim_newline_ && text.starts_with('\n')) {
      text.remove_prefix(1);
    }
    if (tag != std::string_view::npos) text = StripBefore(text, tag);
    if (!text.empty()) Add(Kind::kText, std::string(text));
    Advance(end);
    strip_next_ = false;
    trim_newline_ = false;
  }

  std::string_view StripBefore(std::string_view text, size_t tag) const {
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    if (sign == '-') {
      const size_t last = text.find_last_not_of(" \t\r\n\v\f");
      return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
    }
    if (sign == '+' || source_[tag + 1] == '{') return text;
    // lstrip_blocks: blanks between the line's start and a block go.
    const size_t line = source_.rfind('\n', tag == 0 ? 0 : tag - 1);
    const size_t line_start = line == std::string_view::npos || tag == 0 ? 0 : line + 1;
    const std::string_view before = source_.substr(line_start, tag - line_start);
    if (before.find_first_not_of(" \t\v\f") != std::string_view::npos) return text;
    return text.substr(0, text.size() - std::min(text.size(), before.size()));
  }

  absl::Status ReadTag() {
    const char kind = source_[at_ + 1];
    if (kind == '#') return SkipComment();
    Add(kind == '%' ? Kind::kBlockBegin : Kind::kPrintBegin, "");
    Advance(at_ + 2);
    if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) Advance(at_ + 1);
    const std::string_view close = kind == '%' ? "%}" : "}}";
    while (true) {
      SkipSpace();
      if (at_ >= source_.size()) {
        return Error(absl::StrCat("tag is not closed with ", std::string(close)));
      }
      const bool sign = (source_[at_] == '-' || source_[at_] == '+') &&
                        source_.substr(at_ + 1).starts_with(close);
      if (sign || (source_.substr(at_).starts_with(close) && !ClosesDict(close))) {
        strip_next_ = source_[at_] == '-';
        trim_newline_ = kind == '%' && source_[at_] != '+';
        Advance(at_ + (sign ? 1 : 0) + close.size());
        Add(kind == '%' ? Kind::kBlockEnd : Kind::kPrintEnd, "");
        return absl::OkStatus();
      }
      if (absl::Status s = ReadToken(); !s.ok()) return s;
    }
  }

  // "}}" that closes a dictionary and not the tag does not occur without an open brace.
  bool ClosesDict(std::string_view close) const { return close == "}}" && open_braces_ > 0; }

  absl::Status SkipComment() {
    const size_t end = source_.find("#}", at_ + 2);
    if (end == std::string_view::npos) return Error("comment is not closed with #}");
    strip_next_ =
        end > at_ + 2 && source_[end - 1] == '-' && (end > at_ + 3 || source_[at_ + 2] != '-');
    trim_newline_ = true;
    Advance(end + 2);
    return absl::OkStatus();
  }

  void SkipSpace() {
    size_t to = at_;
    while (to < source_.size() && absl::ascii_isspace(source_[to])) ++to;
    Advance(to);
  }

  absl::Status ReadToken() {
    const char c = source_[at_];
    if (IsNameStart(c)) return ReadWhile(Kind::kName, IsNamePart);
    if (absl::ascii_isdigit(c)) return ReadWhile(Kind::kInteger, absl::ascii_isdigit);
    if (c == '\'' || c == '"') return ReadString(c);
    for (const std::string_view symbol : kLongSymbols) {
      if (source_.substr(at_).starts_with(symbol)) return AddSymbol(symbol);
    }
    if (c != '\0' && std::strchr(kShortSymbols, c) != nullptr) {
      return AddSymbol(source_.substr(at_, 1));
    }
    return Error(absl::StrCat("character '", std::string(1, c), "' is not expected in a tag"));
  }

  absl::Status AddSymbol(std::string_view symbol) {
    if (symbol == "{") ++open_braces_;
    if (symbol == "}") --open_braces_;
    Add(Kind::kSymbol, std::string(symbol));
    Advance(at_ + symbol.size());
    return absl::OkStatus();
  }

  template <typename Predicate>
  absl::Status ReadWhile(Kind kind, Predicate belongs) {
    size_t end = at_;
    while (end < source_.size() && belongs(static_cast<unsigned char>(source_[end]))) ++end;
    Add(kind, std::string(source_.substr(at_, end - at_)));
    Advance(end);
    return absl::OkStatus();
  }

  absl::Status ReadString(char quote) {
    std::string text;
    size_t i = at_ + 1;
    for (; i < source_.size() && source_[i] != quote; ++i) {
      if (source_[i] != '\\' || i + 1 >= source_.size()) {
        text.push_back(source_[i]);
        continue;
      }
      const char escaped = source_[++i];
      switch (escaped) {
        case 'n':
          text.push_back('\n');
          break;
        case 't':
          text.push_back('\t');
          break;
        case 'r':
          text.push_back('\r');
          break;
        case '\\':
        case '\'':
        case '"':
          text.push_back(escaped);
          break;
        default:
          return absl::UnimplementedError(absl::StrCat(
              "line ", line_, ": string escape '\\", std::string(1, escaped), "' is not read yet"));
      }
    }
    if (i >= source_.size()) return Error("string is not closed");
    Add(Kind::kString, std::move(text));
    Advance(i + 1);
    return absl::OkStatus();
  }

  std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  int open_braces_ = 0;
  // What the tag before asks of the text after it.
  bool strip_next_ = false;
  bool trim_newline_ = false;
  std::vector<TemplateToken> tokens_;
};

}  // namespace

absl::StatusOr<std::vector<TemplateToken>> LexTemplate(std::string_view source) {
  // Jinja knows one kind of line break, and drops one at the template's end (keep_trailing_newline
  // is off).
  const std::string text = absl::StrReplaceAll(std::string(source), {{"\r\n", "\n"}, {"\r", "\n"}});
  std::string_view whole = text;
  if (whole.ends_with('\n')) whole.remove_suffix(1);
  return Lexer(whole).Run();
}

}  // namespace assay::engine
