// JSON over HTTP with an MLflow tracking server.
#ifndef ASSAY_SERVER_MLFLOW_CONNECTION_H_
#define ASSAY_SERVER_MLFLOW_CONNECTION_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/http/client.h"
#include "base/steady_time.h"
#include "nlohmann/json.hpp"

namespace assay::server {

// Returns true if the same request may succeed later: answers 408, 429 and 5xx, a failed
// connection, a timeout, or an answer that is not MLflow's.
bool IsTransient(const absl::Status& status);
// Returns true if the server may have processed the request despite the error: it timed out, the
// connection broke, or the server failed after it had started.
bool MayHaveBeenProcessed(const absl::Status& status);
// Returns the wait that the server asked for with Retry-After.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

// Returns the string or number at `path` (a JSON pointer) as a string, or "" if there is none.
std::string JsonField(const nlohmann::json& value, const char* path);
// Returns INTERNAL: the server's answer lacks `what`.
absl::Status MissingField(absl::string_view what, const nlohmann::json& answer);

// How often one request is retried immediately, before its error is returned to the caller.
struct RequestRetries {
  int max_retries = 2;
  // The wait before the first retry. It doubles with each retry and is multiplied by a random
  // factor of 0.5 to 1.
  absl::Duration initial_backoff = absl::Seconds(1);
};

// A connection to one tracking server. Not thread-safe, except Expire(). Every call blocks for its
// HTTP requests. Paths are relative to api/2.0/mlflow/. Idempotent requests are retried
// (RequestRetries) after 408, 5xx, a broken connection or a timeout, so that one lost answer does
// not restart a large upload. The caller handles 429.
//
// HTTP answers map to these errors: 400 INVALID_ARGUMENT, 401 UNAUTHENTICATED, 403
// PERMISSION_DENIED, 404 NOT_FOUND, 408 and 429 RESOURCE_EXHAUSTED, 500 INTERNAL, other 5xx
// UNAVAILABLE, all others FAILED_PRECONDITION. An answer that is not JSON is INTERNAL. Transport
// errors are those of http::Client. Messages contain the URL and the server's message (shortened).
class MlflowConnection {
 public:
  // Creates a connection; sends nothing. `tracking_uri` has the format of MLFLOW_TRACKING_URI:
  // "http://127.0.0.1:5000", "https://host/prefix". A user name and password in it are used and
  // never shown. A non-empty `workspace` is sent with every request. Returns INVALID_ARGUMENT for
  // any other kind of URI (a file path, "databricks").
  static absl::StatusOr<std::unique_ptr<MlflowConnection>> Create(absl::string_view tracking_uri,
                                                                  http::ClientOptions options,
                                                                  std::string workspace,
                                                                  RequestRetries retries);

  absl::StatusOr<nlohmann::json> Get(absl::string_view path);
  absl::StatusOr<nlohmann::json> Post(absl::string_view path, const nlohmann::json& body);
  // Sends the request once, without retries: for requests that are not idempotent.
  absl::StatusOr<nlohmann::json> PostOnce(absl::string_view path, const nlohmann::json& body);
  absl::StatusOr<nlohmann::json> PostText(absl::string_view path, std::string body);
  absl::StatusOr<nlohmann::json> Patch(absl::string_view path, const nlohmann::json& body);

  // Uploads a file through the server's artifact service and replaces an existing one. `path` is
  // relative to the service's root; its segments are escaped here.
  absl::Status PutArtifact(const std::string& path, const std::string& content_type,
                           std::string bytes);

  // Sends spans to the server's OTLP receiver, without retries: the caller retries. Sending spans
  // again is harmless, because the server replaces those it has.
  absl::Status PostTraces(const std::string& experiment_id, std::string otlp_json);

  // The URL without credentials and without a trailing slash.
  const std::string& base_url() const { return base_url_; }

  // Behaves like http::Client::Expire(). Thread-safe.
  void Expire(SteadyTime when) { http_.Expire(when); }

 private:
  enum class Retry { kAllowed, kNever };

  MlflowConnection(std::string base_url, http::ClientOptions options, std::string workspace,
                   RequestRetries retries);

  absl::StatusOr<nlohmann::json> Call(absl::string_view method, absl::string_view path,
                                      std::string body, Retry retry);
  absl::StatusOr<http::Response> Send(const http::Request& request);
  absl::StatusOr<http::Response> SendOnce(const http::Request& request);
  std::vector<std::pair<std::string, std::string>> Headers(const std::string& content_type) const;
  // Waits, but not longer than until the connection expires.
  void Wait(absl::Duration wait);

  const std::string base_url_;
  const std::string workspace_;
  const RequestRetries retries_;
  http::Client http_;
  absl::BitGen random_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_CONNECTION_H_
