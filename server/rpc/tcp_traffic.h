// What a socket has received and sent.
#ifndef ASSAY_SERVER_RPC_TCP_TRAFFIC_H_
#define ASSAY_SERVER_RPC_TCP_TRAFFIC_H_

#include <cstdint>

namespace assay::server {

// The bytes of a TCP connection since it was connected.
struct TcpTraffic {
  uint64_t received = 0;
  uint64_t sent = 0;
};

// Returns zeros if the system does not say. One system call.
TcpTraffic TrafficOf(int fd);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_TCP_TRAFFIC_H_
