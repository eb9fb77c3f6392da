// The callbacks of libcurl during one exchange.
#ifndef ASSAY_BASE_HTTP_EXCHANGE_H_
#define ASSAY_BASE_HTTP_EXCHANGE_H_

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "base/http/client.h"
#include "base/steady_time.h"

namespace assay::http {

// Collects the head and the body of the response and decides when the exchange must end. Not
// thread-safe.
class Exchange {
 public:
  // All arguments must outlive the exchange. `sink` may be null.
  Exchange(const ClientOptions& options, const Request& request, const Client& client,
           BodySink* sink);

  // Sets curl's callbacks. Must be called before curl_easy_perform().
  void Attach(CURL* curl);

  // Returns the response or the error. Must be called after curl_easy_perform(), with its result.
  absl::StatusOr<Response> Finish(CURL* curl, CURLcode code);

 private:
  static size_t OnHeader(const char* data, size_t size, size_t count, void* user);
  static size_t OnBody(const char* data, size_t size, size_t count, void* user);
  static int OnProgress(void* user, curl_off_t total_down, curl_off_t down, curl_off_t total_up,
                        curl_off_t up);

  bool AddHeader(std::string_view line);
  absl::Status AddBody(std::string_view bytes);
  // Passes status and headers to the sink, once.
  absl::Status PassHead();
  // Returns an error if the exchange must end: expired, interrupted or stalled.
  absl::Status Check(int64_t bytes_moved);
  absl::Status TransportError(CURLcode code) const;

  const ClientOptions& options_;
  const Request& request_;
  const Client& client_;
  BodySink* const sink_;
  CURL* curl_ = nullptr;
  Response response_;
  size_t header_bytes_ = 0;
  bool head_passed_ = false;
  int64_t bytes_moved_ = -1;
  SteadyTime moved_at_;
  // Our own error, for example of the sink. It has precedence over curl's code.
  absl::Status status_;
};

}  // namespace assay::http

#endif  // ASSAY_BASE_HTTP_EXCHANGE_H_
