// Python's textwrap.wrap().
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_TEXT_WRAPPER_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_TEXT_WRAPPER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::jinja {

struct WrapOptions {
  // The largest number of characters of a line.
  int64_t width;
  bool break_long_words;
  bool break_on_hyphens;
};

// Returns the lines of `text`, which has no line breaks. Returns INVALID_ARGUMENT for a width below
// 1.
absl::StatusOr<std::vector<std::string>> WrapText(std::string_view text,
                                                  const WrapOptions& options);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_TEXT_WRAPPER_H_
