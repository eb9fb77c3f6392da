// Oniguruma's syntax of regular expressions, translated to PCRE2's. Private to this folder.
#ifndef ASSAY_ENGINE_UNICODE_ONIGURUMA_H_
#define ASSAY_ENGINE_UNICODE_ONIGURUMA_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::unicode {

// Returns a pattern in PCRE2's syntax that matches the same texts: \s, \w and \h have Oniguruma's
// meaning, and classes within classes ("[a[bc]]") are united. Returns UNIMPLEMENTED for
// intersections ("[a&&b]") and for negated classes within classes.
absl::StatusOr<std::string> TranslateOniguruma(std::string_view pattern);

}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_ONIGURUMA_H_
