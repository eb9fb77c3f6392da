// Suggests the correct spelling of a misspelled name.
#ifndef ASSAY_BASE_NEAR_NAME_H_
#define ASSAY_BASE_NEAR_NAME_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay {

// Returns the candidate with the smallest edit distance to `text`; the first of several. Returns an
// empty string if every candidate differs by more than two edits.
std::string NearestName(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace assay

#endif  // ASSAY_BASE_NEAR_NAME_H_
