// Which connections hold too much of requests that are not complete.
#ifndef ASSAY_SERVER_RPC_UNFINISHED_REQUESTS_H_
#define ASSAY_SERVER_RPC_UNFINISHED_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace assay::server {

// The bytes of the incomplete requests of one connection.
struct UnfinishedRequests {
  // The IP address of the connection.
  std::string address;
  uint64_t bytes = 0;
};

// gRPC keeps the parts of a request in memory until the request is complete, before anybody can ask
// who sends it, and none of its limits counts them.
//
// Returns the indices of the connections that must be closed so that the others hold at most
// `limit` bytes: each time, the largest one of the address that holds most, so that a caller with
// one upload does not pay for an address with many. O(n log n) if the limit is exceeded, else O(n).
std::vector<size_t> OverLimit(std::span<const UnfinishedRequests> connections, uint64_t limit);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_UNFINISHED_REQUESTS_H_
