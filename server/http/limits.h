// What the clients of an HTTP server may use.
#ifndef ASSAY_SERVER_HTTP_LIMITS_H_
#define ASSAY_SERVER_HTTP_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace assay::server {

// Bodies have limits of their own, by route. The memory of a connection is at most twice the
// header's limit, the body of its route, and the response.
struct HttpLimits {
  // The most open connections. A new one beyond them closes the connection that waits longest for
  // its client, and is refused with status 503 if none waits.
  int max_connections = 1024;
  // The most open connections from one IP address. Addresses of this machine have no limit of their
  // own. 0 means no limit.
  int max_per_address = 256;
  // The most bytes of the request line and the headers.
  uint32_t max_header_bytes = 16 << 10;
  // The most requests without an answer. One more has status 503.
  int max_pending = 64;
  // The longest time from the first byte of a request to its last, and from the begin of a
  // connection to the first byte.
  std::chrono::milliseconds receive_timeout{10'000};
  // The longest time between two requests of one connection.
  std::chrono::milliseconds idle_timeout{60'000};
  // The most bytes of a streamed response that wait for the client. More close the connection.
  size_t max_unsent_bytes = size_t{1} << 20;
  // The longest time in which the client takes a response, or one part of a streamed one.
  std::chrono::milliseconds write_timeout{30'000};
  // The time that a stop gives to requests that are complete.
  std::chrono::milliseconds stop_grace{2'000};
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_LIMITS_H_
