// JSON files in a model folder, parsed with limits.
#ifndef ASSAY_ENGINE_FORMATS_JSON_FILE_H_
#define ASSAY_ENGINE_FORMATS_JSON_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::engine {

// How duplicate keys in the outermost object are handled.
enum class DuplicateKeys { kLastWins, kRefused };

// Parses `text` as a JSON object. DATA_LOSS: `text` is not JSON (with line and column), is not an
// object, is nested deeper than 64, has more than 4,000,000 values, or has a duplicate key although
// that is refused.
absl::StatusOr<nlohmann::json> ParseJsonObject(
    std::string_view text, DuplicateKeys duplicate_keys = DuplicateKeys::kLastWins);

// Parses a file as a JSON object. NOT_FOUND: no such file. DATA_LOSS: as above, or the file is
// empty or longer than `max_bytes`. Messages begin with the path.
absl::StatusOr<nlohmann::json> ReadJsonFile(const std::string& path, int64_t max_bytes);

// The same for a file that contains an array instead of an object.
absl::StatusOr<nlohmann::json> ReadJsonArrayFile(const std::string& path, int64_t max_bytes);

// Returns the first 60 bytes of a value in ASCII, for error messages. Takes time only for those.
std::string ShortJson(const nlohmann::json& value);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_JSON_FILE_H_
