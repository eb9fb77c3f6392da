// Reads MLflow's standard environment variables.
#include "server/mlflow/environment.h"

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace assay::server {
namespace {

constexpr char kDefaultExperiment[] = "assay";
constexpr double kMaxTimeoutSeconds = 3600;
constexpr double kMaxBackoffSeconds = 120;
constexpr int kMaxRetries = 10;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::Status InvalidVariable(absl::string_view name, absl::string_view value,
                             absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("the environment variable ", name, "='", value, "': ", expected));
}

// Accepts what MLflow accepts: "true", "1", "false" and "0" in any case.
absl::StatusOr<bool> Flag(const char* name, bool default_value) {
  const std::string value = absl::AsciiStrToLower(Environment(name));
  if (value.empty()) return default_value;
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return InvalidVariable(name, value, "expected true, false, 1 or 0");
}

absl::StatusOr<absl::Duration> Seconds(const char* name, absl::Duration default_value,
                                       double max_seconds) {
  const std::string value = Environment(name);
  if (value.empty()) return default_value;
  double seconds = 0;
  if (!absl::SimpleAtod(value, &seconds) || !(seconds > 0 && seconds <= max_seconds)) {
    return InvalidVariable(
        name, value,
        absl::StrCat("expected a number of seconds above 0 and at most ", max_seconds));
  }
  return absl::Seconds(seconds);
}

absl::StatusOr<int> Retries(int default_value) {
  constexpr char kName[] = "MLFLOW_HTTP_REQUEST_MAX_RETRIES";
  const std::string value = Environment(kName);
  int retries = default_value;
  if (!value.empty() &&
      (!absl::SimpleAtoi(value, &retries) || retries < 0 || retries > kMaxRetries)) {
    return InvalidVariable(kName, value,
                           absl::StrCat("expected a whole number from 0 to ", kMaxRetries));
  }
  return retries;
}

absl::Status CheckPlugins() {
  ASSIGN_OR_RETURN(const bool sigv4, Flag("MLFLOW_TRACKING_AWS_SIGV4", false));
  if (sigv4) {
    return InvalidVariable(
        "MLFLOW_TRACKING_AWS_SIGV4", "true",
        "assayd does not sign requests for AWS; use a token or a user name and password, "
        "and unset it");
  }
  if (const std::string plugin = Environment("MLFLOW_TRACKING_AUTH"); !plugin.empty()) {
    return InvalidVariable(
        "MLFLOW_TRACKING_AUTH", plugin,
        "assayd cannot run MLflow's authentication plugins; use a token or a user name and "
        "password, and unset it");
  }
  return absl::OkStatus();
}

absl::Status ReadHttp(http::ClientOptions* http) {
  http->username = Environment("MLFLOW_TRACKING_USERNAME");
  http->password = Environment("MLFLOW_TRACKING_PASSWORD");
  http->bearer_token = Environment("MLFLOW_TRACKING_TOKEN");
  ASSIGN_OR_RETURN(const bool insecure, Flag("MLFLOW_TRACKING_INSECURE_TLS", false));
  http->verify_tls = !insecure;
  http->ca_variable = "MLFLOW_TRACKING_SERVER_CERT_PATH";
  http->ca_path = Environment(http->ca_variable.c_str());
  http->client_cert_path = Environment("MLFLOW_TRACKING_CLIENT_CERT_PATH");
  ASSIGN_OR_RETURN(const absl::Duration timeout,
                   Seconds("MLFLOW_HTTP_REQUEST_TIMEOUT", http->timeout, kMaxTimeoutSeconds));
  http->timeout = timeout;
  return absl::OkStatus();
}

// A line break in a header value would start another header.
absl::Status CheckOneLine(const char* name, const std::string& value) {
  for (const char c : value) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return InvalidVariable(name, "(not shown)", "has control characters");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MlflowSettings> ReadMlflowSettings(const std::string& experiment) {
  RETURN_IF_ERROR(CheckPlugins());
  MlflowSettings settings;
  RETURN_IF_ERROR(ReadHttp(&settings.http));
  settings.experiment = experiment.empty() ? Environment("MLFLOW_EXPERIMENT_NAME") : experiment;
  if (settings.experiment.empty()) settings.experiment_id = Environment("MLFLOW_EXPERIMENT_ID");
  if (settings.experiment.empty() && settings.experiment_id.empty()) {
    settings.experiment = kDefaultExperiment;
  }
  settings.parent_run_id = Environment("MLFLOW_RUN_ID");
  settings.workspace = Environment("MLFLOW_WORKSPACE");
  RETURN_IF_ERROR(CheckOneLine("MLFLOW_WORKSPACE", settings.workspace));
  RETURN_IF_ERROR(CheckOneLine("MLFLOW_TRACKING_TOKEN", settings.http.bearer_token));
  ASSIGN_OR_RETURN(absl::Duration backoff,
                   Seconds("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", settings.retries.initial_backoff,
                           kMaxBackoffSeconds));
  settings.retries.initial_backoff = backoff;
  ASSIGN_OR_RETURN(const int retries, Retries(settings.retries.max_retries));
  settings.retries.max_retries = retries;
  ASSIGN_OR_RETURN(bool system_metrics, Flag("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", true));
  settings.system_metrics = system_metrics;
  return settings;
}

}  // namespace assay::server
