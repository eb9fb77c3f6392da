// Files with one JSON object a line.
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

// The file's bytes; never more than kMaxFileBytes are read, whatever kind of file it is. Errors are
// INVALID_ARGUMENT and begin with the path.
absl::StatusOr<std::string> ReadLimited(const std::string& path);

// Calls `read` with each line that is not blank and its number. Its errors, and lines that are no
// JSON object, are INVALID_ARGUMENT "file:line: ...".
absl::Status ReadJsonl(const std::string& path,
                       const std::function<absl::Status(const nlohmann::json&, size_t)>& read);

// A field that must be a string; `needed`: and not empty.
absl::StatusOr<std::string> StringField(const nlohmann::json& object, const char* name,
                                        bool needed);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_JSONL_FILE_H_
