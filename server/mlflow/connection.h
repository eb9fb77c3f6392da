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
#include "nlohmann/json.hpp"

namespace assay::server {

// Worth trying again without anybody changing anything: answers 408, 429 and 5xx, no connection,
// timeouts, answers that are not MLflow's.
bool IsTransient(const absl::Status& status);
// The request may have been carried out all the same: it timed out, the connection broke, or the
// server failed after it had begun.
bool MayHaveHappened(const absl::Status& status);
// What the server asked for with Retry-After.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

// A string or number at `path` (a JSON pointer) as a string; empty where there is none.
std::string JsonField(const nlohmann::json& value, const char* path);
// INTERNAL: the server's answer lacks `what`.
absl::Status MissingField(absl::string_view what, const nlohmann::json& answer);

// How often one request is sent again at once, before its error is the caller's.
struct RequestRetries {
  int most = 2;
  // The first wait; the next ones double; each times a random 0.5 to 1.
  absl::Duration wait = absl::Seconds(1);
};

// Not thread-safe, except Expire(). Every call blocks for the length of its HTTP requests. Paths
// are relative to api/2.0/mlflow/. What may be sent twice without harm is sent again
// (RequestRetries) after 408 and 5xx, a broken connection or a timeout, so that one lost answer
// does not begin a large run anew; 429 is the caller's to wait for.
//
// Errors by HTTP answer: 400 INVALID_ARGUMENT, 401 UNAUTHENTICATED, 403 PERMISSION_DENIED, 404
// NOT_FOUND, 408 and 429 RESOURCE_EXHAUSTED, 500 INTERNAL, other 5xx UNAVAILABLE, the rest
// FAILED_PRECONDITION; an answer that is not JSON is INTERNAL; http::Client's own otherwise.
// Messages name the URL and what the server said (shortened).
class MlflowConnection {
 public:
  // `tracking_uri` as MLFLOW_TRACKING_URI: "http://127.0.0.1:5000", "https://host/prefix". A user
  // name and password in it are used and never shown. A workspace that is not empty is named in
  // every request. INVALID_ARGUMENT for other kinds of URI (a file path, "databricks").
  static absl::StatusOr<std::unique_ptr<MlflowConnection>> Create(absl::string_view tracking_uri,
                                                                  http::ClientOptions options,
                                                                  std::string workspace,
                                                                  RequestRetries retries);

  absl::StatusOr<nlohmann::json> Get(absl::string_view path);
  absl::StatusOr<nlohmann::json> Post(absl::string_view path, const nlohmann::json& body);
  // For what must not happen twice: sent once.
  absl::StatusOr<nlohmann::json> PostOnce(absl::string_view path, const nlohmann::json& body);
  absl::StatusOr<nlohmann::json> PostText(absl::string_view path, std::string body);
  absl::StatusOr<nlohmann::json> Patch(absl::string_view path, const nlohmann::json& body);

  // A file through the server's artifact service; replaces one that is there. `path` is relative to
  // the service's root, its segments are escaped here.
  absl::Status PutArtifact(const std::string& path, const std::string& content_type,
                           std::string bytes);

  // To the server's OTLP receiver. Sent once: a receiver that took it and lost the answer would
  // have the spans again, which it replaces; the caller repeats.
  absl::Status PostTraces(const std::string& experiment_id, std::string otlp_json);

  // Without credentials and without a slash at its end.
  const std::string& base_url() const { return base_url_; }

  // As http::Client::Expire. Thread-safe.
  void Expire(absl::Time when) { http_.Expire(when); }

 private:
  enum class Repeat { kAllowed, kNever };

  MlflowConnection(std::string base_url, http::ClientOptions options, std::string workspace,
                   RequestRetries retries);

  absl::StatusOr<nlohmann::json> Call(absl::string_view method, absl::string_view path,
                                      std::string body, Repeat repeat);
  absl::StatusOr<http::Response> Send(const http::Request& request);
  absl::StatusOr<http::Response> SendOnce(const http::Request& request);
  std::vector<std::pair<std::string, std::string>> Headers(const std::string& content_type) const;
  // Shorter where the connection expires.
  void Wait(absl::Duration wait);

  const std::string base_url_;
  const std::string workspace_;
  const RequestRetries retries_;
  http::Client http_;
  absl::BitGen random_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_CONNECTION_H_
