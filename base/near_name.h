// Suggests the correct spelling of a misspelled name.
#ifndef ASSAY_BASE_NEAR_NAME_H_
#define ASSAY_BASE_NEAR_NAME_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay {

// Returns the candidate with the smallest edit distance to `text`; the first of several. Returns an
// empty string if every candidate differs by more than two edits, or in every character.
std::string NearestName(std::string_view text, const std::vector<std::string>& candidates);

// Returns the sentence "did you mean 'linkedin'? " for the nearest name, whatever the case of
// `text`. Returns an empty string if there is none.
std::string DidYouMean(std::string_view text, const std::vector<std::string>& candidates);

// Returns `text` in single quotes for a message. At most 64 bytes of it are quoted.
std::string QuotedName(std::string_view text);

}  // namespace assay

#endif  // ASSAY_BASE_NEAR_NAME_H_
