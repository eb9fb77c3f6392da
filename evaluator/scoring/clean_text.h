// A text as the scorer reads it: valid UTF-8, white space in one form, copies of itself taken away.
#ifndef ASSAY_EVALUATOR_SCORING_CLEAN_TEXT_H_
#define ASSAY_EVALUATOR_SCORING_CLEAN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::evaluator {

struct CodePoint {
  // U+FFFD for what is not UTF-8.
  char32_t value = 0;
  size_t bytes = 0;
};

// `text` is not empty; goes on after one byte of what is not UTF-8.
CodePoint FirstCodePoint(std::string_view text);

// Letters, digits and marks of any script.
bool IsWordCharacter(char32_t c);
// As Unicode's White_Space, and control characters.
bool IsSpace(char32_t c);
// Drawn as an emoji when it stands alone, or by U+FE0F.
bool IsEmoji(char32_t c);

int64_t CountCodePoints(std::string_view text);

// Invalid bytes become U+FFFD; a run of white space becomes one line feed if it has one and one
// blank otherwise, none at the ends. Adding white space where there is some changes nothing.
std::string NormalizeText(std::string_view text);

struct Unrepeated {
  std::string_view text;
  int copies = 1;
};

// The shortest text of which `clean`, a clean text, is nothing but copies, with or without white
// space between them. O(n).
Unrepeated WithoutCopies(std::string_view clean);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_CLEAN_TEXT_H_
