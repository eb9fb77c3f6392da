// How much a person changed a text.
#ifndef ASSAY_SERVER_FEEDBACK_EDIT_DISTANCE_H_
#define ASSAY_SERVER_FEEDBACK_EDIT_DISTANCE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay::server {

// The largest product of the lengths of the differing parts that is compared: at most about 0.2 s.
inline constexpr int64_t kMaxEditCells = int64_t{64} << 20;

// Returns the Levenshtein distance of two UTF-8 texts in characters (code points), divided by the
// length of the longer one: 0 for equal texts, 1 for entirely different ones. The common beginning
// and end are free. Returns nullopt if the parts in between have a product of lengths above
// kMaxEditCells. Invalid UTF-8 counts byte by byte.
std::optional<double> EditDistance(std::string_view original, std::string_view edited);

}  // namespace assay::server

#endif  // ASSAY_SERVER_FEEDBACK_EDIT_DISTANCE_H_
