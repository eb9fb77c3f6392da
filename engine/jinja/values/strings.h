// Python's operations on plain strings, by characters (code points) of UTF-8.
#ifndef ASSAY_ENGINE_JINJA_VALUES_STRINGS_H_
#define ASSAY_ENGINE_JINJA_VALUES_STRINGS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::jinja {

// Returns the byte offset of each character of `text`, followed by its size in bytes.
std::vector<size_t> CharacterOffsets(std::string_view text);
// Returns the number of characters of `text`.
int64_t CountCharacters(std::string_view text);

// Returns `text` with & < > " ' replaced by HTML's character references.
std::string EscapeHtml(std::string_view text);

// Python's strip(), lstrip() and rstrip(): removes the characters of `chars`, or whitespace if
// `chars` is null.
std::string_view StripString(std::string_view text, const std::string* chars, bool left,
                             bool right);
// Python's splitlines().
std::vector<std::string_view> SplitLines(std::string_view text, bool keep_ends);
// Replaces at most `count` occurrences of `old`, all of them if `count` is negative. Returns
// INVALID_ARGUMENT for a result of more than kMaxStringBytes.
absl::StatusOr<std::string> ReplaceString(std::string_view text, std::string_view old,
                                          std::string_view with, int64_t count);
// Joins `items` with `separator`. Returns INVALID_ARGUMENT for a result of more than
// kMaxStringBytes.
absl::StatusOr<std::string> JoinStrings(const std::vector<std::string>& items,
                                        std::string_view separator);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_STRINGS_H_
