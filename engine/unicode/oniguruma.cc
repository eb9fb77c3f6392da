// Translates Oniguruma's syntax to PCRE2's.
#include "engine/unicode/oniguruma.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::unicode {
namespace {

// Unicode's White_Space. PCRE2's \s also matches U+180E, which the engines of tokenizers do not.
constexpr char kSpaces[] =
    "\\t-\\r \\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}"
    "\\x{3000}";
constexpr char kWords[] = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
// Outside of a class, Oniguruma's table of Latin-1 makes superscripts and fractions words too.
constexpr char kWordsOutside[] =
    "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";
constexpr char kHexDigits[] = "0-9A-Fa-f";

// Returns the characters of \s, \w or \h, or null for another letter.
const char* ClassOf(char letter, bool in_class) {
  switch (letter) {
    case 's':
      return kSpaces;
    case 'w':
      return in_class ? kWords : kWordsOutside;
    case 'h':
      return kHexDigits;
    default:
      return nullptr;
  }
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : rest_(pattern) {}

  absl::StatusOr<std::string> Translate() {
    while (!rest_.empty()) {
      if (rest_.starts_with("\\Q")) return Unsupported("\\Q");
      if (rest_.front() == '\\') {
        RETURN_IF_ERROR(TranslateEscape(/*in_class=*/false));
      } else if (rest_.front() == '[') {
        out_ += '[';
        rest_.remove_prefix(1);
        RETURN_IF_ERROR(TranslateClass(/*nested=*/false));
        out_ += ']';
      } else {
        Take(1);
      }
    }
    return std::move(out_);
  }

 private:
  static absl::Status Unsupported(std::string_view what) {
    return absl::UnimplementedError(
        absl::StrCat("it has ", std::string(what), ", which is not supported"));
  }

  void Take(size_t bytes) {
    out_ += rest_.substr(0, bytes);
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }

  absl::Status TranslateEscape(bool in_class) {
    const char letter = rest_.size() < 2 ? '\0' : rest_[1];
    const char* const included = ClassOf(letter, in_class);
    const char* const excluded = letter >= 'A' && letter <= 'Z'
                                     ? ClassOf(static_cast<char>(letter - 'A' + 'a'), in_class)
                                     : nullptr;
    if (included == nullptr && excluded == nullptr) {
      Take(2);
      return absl::OkStatus();
    }
    if (excluded != nullptr && in_class) {
      // PCRE2's own class differs from Oniguruma's in few characters.
      if (letter == 'H') return Unsupported("\\H within a class");
      Take(2);
      return absl::OkStatus();
    }
    rest_.remove_prefix(2);
    if (in_class) {
      out_ += included;
    } else {
      absl::StrAppend(&out_, included != nullptr ? "[" : "[^",
                      included != nullptr ? included : excluded, "]");
    }
    return absl::OkStatus();
  }

  // Translates the rest of a class, whose '[' has been read. Reads its ']'.
  absl::Status TranslateClass(bool nested) {
    if (rest_.starts_with('^')) {
      if (nested) return Unsupported("a negated class within a class");
      Take(1);
    }
    for (bool first = true; !rest_.empty(); first = false) {
      if (rest_.front() == ']' && !first) {
        rest_.remove_prefix(1);
        return absl::OkStatus();
      }
      if (rest_.front() == '\\') {
        RETURN_IF_ERROR(TranslateEscape(/*in_class=*/true));
      } else if (rest_.starts_with("[:") && rest_.find(":]") != std::string_view::npos) {
        Take(rest_.find(":]") + 2);
      } else if (rest_.front() == '[') {
        rest_.remove_prefix(1);
        RETURN_IF_ERROR(TranslateClass(/*nested=*/true));
      } else if (rest_.starts_with("&&")) {
        return Unsupported("an intersection of classes");
      } else {
        // A ']' that begins a class is one of its characters.
        if (rest_.front() == ']') out_ += '\\';
        Take(1);
      }
    }
    return absl::UnimplementedError("it has a class without an end");
  }

  std::string_view rest_;
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> TranslateOniguruma(std::string_view pattern) {
  return Translator(pattern).Translate();
}

}  // namespace assay::unicode
