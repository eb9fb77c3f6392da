// What somebody who mistyped may have meant.
#ifndef ASSAY_YAML_NEAREST_H_
#define ASSAY_YAML_NEAREST_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay {

// The candidate that the fewest changes of a character lead to, at most two; the first of several.
// Empty: none.
std::string Nearest(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace assay

#endif  // ASSAY_YAML_NEAREST_H_
