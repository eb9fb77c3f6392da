// Text normalization before scoring: valid UTF-8, canonical white space, no repeated copies.
#ifndef ASSAY_EVALUATOR_SCORING_CLEAN_TEXT_H_
#define ASSAY_EVALUATOR_SCORING_CLEAN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::evaluator {

struct CodePoint {
  // U+FFFD for invalid UTF-8.
  char32_t value = 0;
  size_t bytes = 0;
};

// Returns the first code point of `text`, which must not be empty. An invalid sequence counts as
// one byte.
CodePoint FirstCodePoint(std::string_view text);

// True for letters, digits and marks of any script.
bool IsWordCharacter(char32_t c);
// True for Unicode's White_Space and for control characters.
bool IsSpace(char32_t c);
// True for characters that are drawn as an emoji alone or before U+FE0F. Decided by block.
bool IsEmoji(char32_t c);

int64_t CountCodePoints(std::string_view text);

// Replaces invalid bytes by U+FFFD and each run of white space by one line feed if the run contains
// one, or one blank otherwise. Removes white space at both ends. Lengthening existing white space
// does not change the result. O(n).
std::string NormalizeText(std::string_view text);

struct Deduplicated {
  std::string_view text;
  int copies = 1;
};

// Returns the shortest text whose copies, with or without white space between them, make up all of
// `clean`. `clean` must come from NormalizeText and must outlive the result. O(n).
Deduplicated RemoveCopies(std::string_view clean);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_CLEAN_TEXT_H_
