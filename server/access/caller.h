// The caller of an RPC, and what it may do.
#ifndef ASSAY_SERVER_ACCESS_CALLER_H_
#define ASSAY_SERVER_ACCESS_CALLER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/caller_share.h"
#include "server/access/role.h"

namespace assay::server {

class KeyMeter;

// The highest priority that a request can have.
inline constexpr int kHighestPriority = 100;

// One caller. The requests of one caller share one place in the queues of the models. By default,
// it may do everything.
struct Caller {
  // The id of its key, else its address. Empty for the daemon's own work.
  std::string id;
  // The name of its key. Empty: it has none.
  std::string name;
  Roles roles = Roles::All();
  // True if it may name files of this machine.
  bool may_name_files = true;
  // Its share of a busy model, relative to the shares of the other callers. Greater than 0.
  double share = 1;
  // Requests of a higher priority run with this one.
  int max_priority = kHighestPriority;
  // The ids of the models that it may use. Empty: all.
  std::vector<std::string> models;
  // Counts its tokens. May be null.
  std::shared_ptr<KeyMeter> meter;

  bool MayUse(std::string_view model) const;
  // Returns PERMISSION_DENIED, with the models that may be used, if `model` may not.
  absl::Status CheckModel(const std::string& model) const;
};

// Returns what the queues need to know about the caller.
inline CallerShare ShareOf(const Caller& caller) {
  return {.id = caller.id, .share = caller.share};
}

// True if the caller, given as gRPC formats its address, is on this machine.
bool IsLocal(std::string_view peer);
// True if the caller uses the Unix socket.
bool IsUnixSocket(std::string_view peer);

// Returns the caller that is known by its address alone, as gRPC formats it: each other machine is
// one caller, and so is each connection of this machine.
Caller CallerAt(std::string_view peer);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_CALLER_H_
