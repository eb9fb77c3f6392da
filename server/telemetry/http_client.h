// HTTP(S) requests with limits, over libcurl.
#ifndef ASSAY_SERVER_TELEMETRY_HTTP_CLIENT_H_
#define ASSAY_SERVER_TELEMETRY_HTTP_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace assay::server {

struct HttpClientOptions {
  // Basic authentication where both are set; else the token as Bearer where that is set. Never part
  // of an error message.
  std::string username;
  std::string password;
  std::string bearer_token;
  bool verify_tls = true;
  // PEM file with the certificates to trust; empty = the system's.
  std::string ca_path;
  absl::Duration connect_timeout = absl::Seconds(5);
  // For the whole exchange.
  absl::Duration timeout = absl::Seconds(60);
  // Of the body, after decompression.
  int64_t max_response_bytes = int64_t{16} << 20;
};

struct HttpRequest {
  // "GET", "POST".
  std::string method = "GET";
  std::string url;
  // Sent where the method is not GET.
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::optional<absl::Duration> retry_after;
};

// Keeps its connections between requests. Not thread-safe, except Expire(): one thread at a time
// sends. Redirects are not followed, so that credentials go nowhere else.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Blocks up to the timeout. Any answer of the server is a response, errors are those of the way:
  // UNAVAILABLE (no connection), DEADLINE_EXCEEDED (timeout), CANCELLED (expired), OUT_OF_RANGE
  // (body beyond the limit), FAILED_PRECONDITION (TLS certificate not trusted), INVALID_ARGUMENT
  // (not an http or https URL); the message names the URL without its credentials.
  absl::StatusOr<HttpResponse> Send(const HttpRequest& request);

  // From `when` on every exchange, a running one too (within about a second), ends with CANCELLED.
  // InfiniteFuture() takes it back. Thread-safe.
  void Expire(absl::Time when) { expires_at_ns_ = absl::ToUnixNanos(when); }
  bool Expired() const { return absl::ToUnixNanos(absl::Now()) >= expires_at_ns_; }

 private:
  const HttpClientOptions options_;
  // A CURL handle; void so that curl.h stays out of our users.
  void* curl_;
  std::atomic<int64_t> expires_at_ns_;
};

// `url` without user name and password.
std::string WithoutCredentials(const std::string& url);

// `text` escaped for use as a query value.
std::string UrlEscape(const std::string& text);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_HTTP_CLIENT_H_
