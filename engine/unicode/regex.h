// Regular expressions as tokenizers write them (Oniguruma's language), on PCRE2.
#ifndef ASSAY_ENGINE_UNICODE_REGEX_H_
#define ASSAY_ENGINE_UNICODE_REGEX_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::unicode {

// Immutable, thread-safe. \s means Unicode's White_Space, as there. Work on one text is bounded: a
// pattern that backtracks without end gives an error.
class Regex {
 public:
  struct Range {
    size_t begin;
    size_t end;
  };

  // UNIMPLEMENTED: a pattern that PCRE2 does not take, with its complaint.
  static absl::StatusOr<Regex> Compile(std::string_view pattern);
  // Matches exactly `text`.
  static absl::StatusOr<Regex> Literal(std::string_view text);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // All matches that are not empty, from left to right, in valid UTF-8. INVALID_ARGUMENT if the
  // bound is reached.
  absl::StatusOr<std::vector<Range>> FindAll(std::string_view text) const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);

  std::unique_ptr<Code> code_;
};

}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_REGEX_H_
