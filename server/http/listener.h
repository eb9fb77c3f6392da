// Reads the addresses that servers listen on, and listens.
#ifndef ASSAY_SERVER_HTTP_LISTENER_H_
#define ASSAY_SERVER_HTTP_LISTENER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay::server {

struct HostAndPort {
  // As it was given: "[::1]" keeps its brackets.
  std::string host;
  uint16_t port = 0;
};

// Splits "host:port". Returns INVALID_ARGUMENT if it has another form or the port is above 65535.
absl::StatusOr<HostAndPort> ParseHostAndPort(const std::string& address);

// Opens `acceptor` at the first address of the host. May block on a lookup of a host's name.
// Returns FAILED_PRECONDITION if the address cannot be listened on.
absl::Status Listen(const HostAndPort& address, boost::asio::io_context* io,
                    boost::asio::ip::tcp::acceptor* acceptor);

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_LISTENER_H_
