// What a socket has received and sent.
#include "server/rpc/tcp_traffic.h"

// glibc's <netinet/tcp.h> lacks the newer members of tcp_info, and the two cannot both be included.
#ifdef __linux__
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace assay::server {

TcpTraffic TrafficOf(int fd) {
#if defined(__linux__)
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  // Kernels before 4.19 fill less of it.
  constexpr size_t kEnd = offsetof(tcp_info, tcpi_bytes_sent) + sizeof(uint64_t);
  if (size < kEnd) return {};
  return {.received = info.tcpi_bytes_received, .sent = info.tcpi_bytes_sent};
#elif defined(__APPLE__)
  tcp_connection_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_CONNECTION_INFO, &info, &size) != 0) return {};
  return {.received = info.tcpi_rxbytes, .sent = info.tcpi_txbytes};
#else
  (void)fd;
  return {};
#endif
}

}  // namespace assay::server
