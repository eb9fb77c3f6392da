// Suggests the name that a misspelled one may have meant.
#ifndef ASSAY_BASE_NEAR_NAME_H_
#define ASSAY_BASE_NEAR_NAME_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay {

// Returns the candidate with the smallest edit distance to `text`, at most two edits, the first of
// several. Empty if there is none.
std::string NearestName(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace assay

#endif  // ASSAY_BASE_NEAR_NAME_H_
