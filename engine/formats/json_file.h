// JSON files of a model's folder, read with limits.
#ifndef ASSAY_ENGINE_FORMATS_JSON_FILE_H_
#define ASSAY_ENGINE_FORMATS_JSON_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::engine {

// What becomes of a key that stands twice in the outermost object.
enum class RepeatedKeys { kLastCounts, kRefused };

// The object that `text` is. DATA_LOSS: not JSON (with line and column), not an object, nested
// deeper than 64, or a key stands twice where that is refused.
absl::StatusOr<nlohmann::json> ParseJsonObject(
    std::string_view text, RepeatedKeys repeated_keys = RepeatedKeys::kLastCounts);

// The same of a file. NOT_FOUND; DATA_LOSS, also if it is empty or longer than `max_bytes`.
// Messages open with the path.
absl::StatusOr<nlohmann::json> ReadJsonFile(const std::string& path, int64_t max_bytes);

// A value as errors show it: short, in ASCII. Looks at no more of the value than it shows.
std::string ShortJson(const nlohmann::json& value);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_JSON_FILE_H_
