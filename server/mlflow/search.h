// Builds MLflow search expressions.
#ifndef ASSAY_SERVER_MLFLOW_SEARCH_H_
#define ASSAY_SERVER_MLFLOW_SEARCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay::server {

// Returns "tags.`key` = 'value'". The expressions have no escapes, so a value that is empty or
// contains a quote, a backtick or a backslash is INVALID_ARGUMENT.
absl::StatusOr<std::string> TagFilter(absl::string_view key, absl::string_view value);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_SEARCH_H_
