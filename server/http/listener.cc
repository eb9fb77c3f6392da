// Reads the addresses that servers listen on, and listens.
#include "server/http/listener.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace assay::server {
namespace {

using Tcp = boost::asio::ip::tcp;
using boost::system::error_code;

constexpr uint32_t kMaxPort = 65535;

bool IsBracketed(const std::string& host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']';
}

// Names have letters, digits, dots, hyphens and underscores.
bool IsHost(const std::string& host) {
  if (IsBracketed(host)) return true;
  return !host.empty() && std::ranges::all_of(host, [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

absl::StatusOr<HostAndPort> ParseHostAndPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || !IsHost(address.substr(0, colon)) ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port > kMaxPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("address '", address,
                     "': expected host:port with a port of 0 to 65535, like 127.0.0.1:9464"));
  }
  return HostAndPort{.host = address.substr(0, colon), .port = static_cast<uint16_t>(port)};
}

absl::Status Listen(const HostAndPort& address, boost::asio::io_context* io,
                    Tcp::acceptor* acceptor) {
  const std::string host =
      IsBracketed(address.host) ? address.host.substr(1, address.host.size() - 2) : address.host;
  error_code error;
  Tcp::resolver resolver(*io);
  const auto found =
      resolver.resolve(host, std::to_string(address.port),
                       Tcp::resolver::passive | Tcp::resolver::numeric_service, error);
  if (!error && !found.empty()) {
    const Tcp::endpoint endpoint = *found.begin();
    acceptor->open(endpoint.protocol(), error);
    if (!error) acceptor->set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor->bind(endpoint, error);
    if (!error) acceptor->listen(Tcp::acceptor::max_listen_connections, error);
  }
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", address.host, ":", address.port, ": ", error.message()));
}

}  // namespace assay::server
