// HTTP(S) requests with limits, over libcurl.
#ifndef ASSAY_BASE_HTTP_CLIENT_H_
#define ASSAY_BASE_HTTP_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/http/url.h"

namespace assay::http {

struct ClientOptions {
  // Basic authentication where both are set; else the token as Bearer where that is set. Never part
  // of an error message.
  std::string username;
  std::string password;
  std::string bearer_token;
  bool verify_tls = true;
  // PEM file with the certificates to trust; empty = the system's.
  std::string ca_path;
  // PEM file with our own certificate and its key, for servers that ask for one; empty = none.
  std::string client_cert_path;
  // The environment variable that sets ca_path, for the message about a certificate not trusted.
  std::string ca_variable = "SSL_CERT_FILE";
  std::string user_agent = "assayd";
  absl::Duration connect_timeout = absl::Seconds(5);
  // For the whole exchange; InfiniteDuration() = none.
  absl::Duration timeout = absl::Seconds(60);
  // Longest time without a byte coming or going, connecting included; to about a second.
  absl::Duration stall_timeout = absl::InfiniteDuration();
  // Of Response.body, after decompression.
  int64_t max_response_bytes = int64_t{16} << 20;
};

struct Request {
  // "GET", "HEAD", "POST", "PUT", "PATCH".
  std::string method = "GET";
  std::string url;
  // Sent where the method is neither GET nor HEAD.
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // Off: the options' credentials stay here, for a URL of somebody else's.
  bool authenticate = true;
  // Off: the answer comes as it is stored, as byte ranges need it.
  bool accept_compressed = true;
  // On a connection of its own: on a kept one that ends without an answer libcurl sends the request
  // again by itself, even if the server has carried it out.
  bool at_most_once = false;
  // Asked all the while, at least once a second; an error ends the exchange with that error.
  std::function<absl::Status()> interrupted;
};

struct Response {
  int status = 0;
  std::string body;
  // Names in lower case, in the answer's order.
  std::vector<std::pair<std::string, std::string>> headers;
  // From Retry-After, in seconds or as a date.
  std::optional<absl::Duration> retry_after;

  // The first of that name (given in lower case); null if there is none. Valid as long as this is.
  const std::string* Header(std::string_view name) const;
};

// Takes a body as it comes. Its errors end the exchange and are what Receive() returns.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // Once, before the first bytes (an empty body's too): status and headers.
  virtual absl::Status OnHead(const Response& head) = 0;
  virtual absl::Status OnBytes(std::string_view bytes) = 0;
};

// Keeps its connections between requests. Not thread-safe, except Expire(): one thread at a time
// sends. Redirects are not followed, so that credentials go nowhere else.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Blocks up to the timeout. Any answer of the server is a response, errors are those of the way:
  // UNAVAILABLE (no connection, or it broke), DEADLINE_EXCEEDED (timeout, or no byte for
  // stall_timeout), CANCELLED (expired), OUT_OF_RANGE (body or headers beyond the limit),
  // FAILED_PRECONDITION (TLS certificate not trusted), INVALID_ARGUMENT (not an http or https URL);
  // the message names the URL without its credentials and query.
  absl::StatusOr<Response> Send(const Request& request);

  // As Send(), but the body of a 2xx answer goes to `sink`, without a limit; that of any other
  // stays in Response.body.
  absl::StatusOr<Response> Receive(const Request& request, BodySink* sink);

  // From `when` on every exchange, a running one too (within about a second), ends with CANCELLED.
  // InfiniteFuture() takes it back. Thread-safe.
  void Expire(absl::Time when) { expires_at_ns_ = absl::ToUnixNanos(when); }
  bool Expired() const { return absl::ToUnixNanos(absl::Now()) >= expires_at_ns_; }

 private:
  const ClientOptions options_;
  // A CURL handle; void so that curl.h stays out of our users.
  void* curl_;
  std::atomic<int64_t> expires_at_ns_;
};

}  // namespace assay::http

#endif  // ASSAY_BASE_HTTP_CLIENT_H_
