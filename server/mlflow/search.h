// MLflow's search expressions.
#ifndef ASSAY_SERVER_MLFLOW_SEARCH_H_
#define ASSAY_SERVER_MLFLOW_SEARCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay::server {

// "tags.`key` = 'value'". The expressions have no escapes: INVALID_ARGUMENT for a value that is
// empty or has a quote, a backtick or a backslash in it.
absl::StatusOr<std::string> TagFilter(absl::string_view key, absl::string_view value);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_SEARCH_H_
