// The address of the MLflow tracking server in a form that may be shown.
#include "server/mlflow/tracking_uri.h"

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/http/url.h"

namespace assay::server {

std::string ShownTrackingUri(const std::string& tracking_uri) {
  const std::string uri(absl::StripSuffix(tracking_uri, "/"));
  // Paths and names such as "databricks" are no URLs, but their error must show them.
  if (!absl::StrContains(uri, '@')) return uri;
  return std::string(absl::StripSuffix(http::WithoutCredentials(uri), "/"));
}

}  // namespace assay::server
