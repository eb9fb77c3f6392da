// An HTTP(S) client with limits, based on libcurl.
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
#include "absl/time/time.h"
#include "base/http/url.h"
#include "base/steady_time.h"

namespace assay::http {

struct ClientOptions {
  // The credentials. If both user name and password are set, the client uses basic authentication;
  // otherwise it sends the bearer token, if that is set. They never appear in error messages.
  std::string username;
  std::string password;
  std::string bearer_token;
  bool verify_tls = true;
  // A PEM file with the certificates to trust; empty = those of the system.
  std::string ca_path;
  // A PEM file with our own certificate and its key, for servers that require one; empty = none.
  std::string client_cert_path;
  // The name of the environment variable that sets `ca_path`, for the message about an untrusted
  // certificate.
  std::string ca_variable = "SSL_CERT_FILE";
  std::string user_agent = "assayd";
  absl::Duration connect_timeout = absl::Seconds(5);
  // The limit of a whole exchange; InfiniteDuration() = none.
  absl::Duration timeout = absl::Seconds(60);
  // The maximum time without a byte sent or received, including the time to connect. Accurate to
  // about one second.
  absl::Duration stall_timeout = absl::InfiniteDuration();
  // The maximum size of Response.body, after decompression.
  int64_t max_response_bytes = int64_t{16} << 20;
};

struct Request {
  // "GET", "HEAD", "POST", "PUT" or "PATCH".
  std::string method = "GET";
  std::string url;
  // Sent if the method is neither GET nor HEAD.
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // If false, the credentials of the options are not sent: the URL belongs to a third party.
  bool authenticate = true;
  // If false, the response is transferred as it is stored, which byte ranges require.
  bool accept_compressed = true;
  // If true, the request uses a new connection. When a kept connection ends without a response,
  // libcurl sends the request again by itself, even if the server has executed it.
  bool at_most_once = false;
  // Called at least once a second during the exchange. An error ends the exchange and is returned.
  std::function<absl::Status()> interrupted;
};

struct Response {
  int status = 0;
  std::string body;
  // The names are in lower case, in the order of the response.
  std::vector<std::pair<std::string, std::string>> headers;
  // The value of Retry-After, which is given in seconds or as a date.
  std::optional<absl::Duration> retry_after;

  // Returns the first header with the name, which must be in lower case, or null if there is none.
  // The pointer is valid as long as the response.
  const std::string* Header(std::string_view name) const;
};

// Receives a body piece by piece. An error of a sink ends the exchange, and Receive() returns it.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // Called once with status and headers, before the first bytes, even if the body is empty.
  virtual absl::Status OnHead(const Response& head) = 0;
  virtual absl::Status OnBytes(std::string_view bytes) = 0;
};

// Sends requests and keeps connections open between them. Only one thread may send at a time;
// Expire() is thread-safe. Redirects are not followed, so that the credentials go nowhere else.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends a request and blocks up to the timeout. Returns the response whatever its status; in the
  // body of a refusal, credentials of the request are hidden. Errors are those of the transport and
  // name the URL without credentials and query:
  //   UNAVAILABLE          there is no connection, or it broke.
  //   DEADLINE_EXCEEDED    the timeout has passed, or no byte came for `stall_timeout`.
  //   CANCELLED            the client has expired.
  //   OUT_OF_RANGE         the body or the headers are larger than the limit.
  //   FAILED_PRECONDITION  a TLS certificate is not trusted or cannot be used.
  //   INVALID_ARGUMENT     the URL is no http or https URL.
  //   RESOURCE_EXHAUSTED   libcurl is out of memory.
  absl::StatusOr<Response> Send(const Request& request);

  // Like Send(), but passes the body of a 2xx response to `sink`, without a size limit. The body of
  // any other response is in Response.body.
  absl::StatusOr<Response> Receive(const Request& request, BodySink* sink);

  // Ends every exchange with CANCELLED from `when` on, within about a second even if it is already
  // running. InfiniteFuture() revokes this. Thread-safe.
  void Expire(SteadyTime when) { expires_at_ns_ = absl::ToInt64Nanoseconds(when.SinceEpoch()); }
  bool Expired() const { return SteadyNow() >= absl::Nanoseconds(expires_at_ns_.load()); }

 private:
  const ClientOptions options_;
  // A CURL handle. It is void, so that users need not include curl.h.
  void* curl_;
  std::atomic<int64_t> expires_at_ns_;
};

}  // namespace assay::http

#endif  // ASSAY_BASE_HTTP_CLIENT_H_
