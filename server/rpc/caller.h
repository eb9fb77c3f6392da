// Who calls, as far as queues and limits are concerned.
#ifndef ASSAY_SERVER_RPC_CALLER_H_
#define ASSAY_SERVER_RPC_CALLER_H_

#include <string>
#include <string_view>

namespace assay::server {

// The highest priority that a request can have.
inline constexpr int kHighestPriority = 100;

// One caller. The requests of one caller share one place in the queues of the models.
struct Caller {
  // Empty for the daemon's own work.
  std::string id;
  // Its share of a busy model, relative to the shares of the other callers. Greater than 0.
  double share = 1;
  // Requests of a higher priority run with this one.
  int max_priority = kHighestPriority;
};

// True if the caller, given as gRPC formats its address, is on this machine.
bool IsLocal(std::string_view peer);

// Returns the caller that is known by its address alone, as gRPC formats it: each other machine is
// one caller, and so is each connection of this machine.
Caller CallerAt(std::string_view peer);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_CALLER_H_
