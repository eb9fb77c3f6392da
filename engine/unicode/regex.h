// Regular expressions in the language of tokenizers (Oniguruma's), on PCRE2.
#ifndef ASSAY_ENGINE_UNICODE_REGEX_H_
#define ASSAY_ENGINE_UNICODE_REGEX_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::unicode {

// A compiled pattern. As in Oniguruma, \s matches Unicode's White_Space, \w letters, marks, numbers
// and connecting punctuation, \h a hexadecimal digit, and classes may be nested. The work on one
// match is bounded, so that a pattern that backtracks without end returns an error, and FindAll()
// checks the WorkLimit of the thread at least every 100 ms. Immutable and thread-safe.
class Regex {
 public:
  // The bytes [begin, end) of the text.
  struct Range {
    size_t begin;
    size_t end;
  };

  // Compiles a pattern. Returns UNIMPLEMENTED for a pattern of more than 64 KiB, and for one that
  // PCRE2 rejects, with its error.
  static absl::StatusOr<Regex> Compile(std::string_view pattern);
  // Compiles a pattern that matches exactly `text`.
  static absl::StatusOr<Regex> Literal(std::string_view text);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Returns all matches that are not empty, from left to right. `text` must be valid UTF-8. Returns
  // INVALID_ARGUMENT if a match exceeds the limit on work; also the errors of WorkLimit::Check().
  absl::StatusOr<std::vector<Range>> FindAll(std::string_view text) const;

 private:
  struct Code;
  class Matcher;
  explicit Regex(std::unique_ptr<Code> code);

  std::unique_ptr<Code> code_;
};

}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_REGEX_H_
