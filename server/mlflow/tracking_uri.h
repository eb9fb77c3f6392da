// The address of the MLflow tracking server in a form that may be shown.
#ifndef ASSAY_SERVER_MLFLOW_TRACKING_URI_H_
#define ASSAY_SERVER_MLFLOW_TRACKING_URI_H_

#include <string>

namespace assay::server {

// Returns the address of the tracking server as it may be shown to clients, in the log and in
// errors: without user name, password and trailing slash. Returns "" for "", and "(malformed URL)"
// for a text that may contain a password but is no URL. Thread-safe.
std::string ShownTrackingUri(const std::string& tracking_uri);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_TRACKING_URI_H_
