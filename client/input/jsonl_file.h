// Files with one JSON object per line.
#ifndef ASSAY_CLIENT_INPUT_JSONL_FILE_H_
#define ASSAY_CLIENT_INPUT_JSONL_FILE_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::client {

inline constexpr size_t kMaxFileBytes = size_t{64} * 1024 * 1024;

// Returns the bytes of a file. Reads at most kMaxFileBytes, also from a device or a pipe. Errors
// are INVALID_ARGUMENT and begin with the path.
absl::StatusOr<std::string> ReadLimited(const std::string& path);

// Calls `read` with the object and the number of each line that is not blank. Errors of `read`, and
// lines that are not a JSON object, become INVALID_ARGUMENT "file:line: ...".
absl::Status ReadJsonl(const std::string& path,
                       const std::function<absl::Status(const nlohmann::json&, size_t)>& read);

// Returns a string field. INVALID_ARGUMENT if it is not a string. If `required`, it must also exist
// and not be empty; otherwise a missing one is empty.
absl::StatusOr<std::string> StringField(const nlohmann::json& object, const char* name,
                                        bool required);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_JSONL_FILE_H_
