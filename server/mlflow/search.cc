// Builds MLflow search expressions.
#include "server/mlflow/search.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::server {

absl::StatusOr<std::string> TagFilter(absl::string_view key, absl::string_view value) {
  if (value.empty() || value.find_first_of("'\"`\\") != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("the MLflow tag ", key, " = '", value,
                     "' must not be empty or contain a quote, a backtick or a backslash"));
  }
  return absl::StrCat("tags.`", key, "` = '", value, "'");
}

}  // namespace assay::server
