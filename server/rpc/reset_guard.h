// Finds connections that start calls only to cancel them.
#ifndef ASSAY_SERVER_RPC_RESET_GUARD_H_
#define ASSAY_SERVER_RPC_RESET_GUARD_H_

#include <functional>
#include <list>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace assay::server {

// Counts the calls that each connection cancelled soon after their start. A cancelled call costs
// the server much more than its caller, and HTTP/2's limit of concurrent streams does not count it
// (CVE-2023-44487, "rapid reset").
//
// Each connection has a bucket of tokens: a cancelled call takes one, and tokens return with time.
// Thread-safe.
class ResetGuard {
 public:
  struct Limits {
    double burst = 200;
    double per_second = 50;
  };
  // Closes the connection of the peer. Called once per peer, on the thread of Count().
  using DisconnectFn = std::function<void(const std::string& peer)>;

  ResetGuard(const Limits& limits, DisconnectFn disconnect);

  // Counts a call that the peer, as gRPC formats it, has cancelled early. Returns false if the
  // bucket is empty: the connection was closed, and its calls are not worth a line in the log.
  bool Count(const std::string& peer) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Bucket {
    std::string peer;
    double tokens = 0;
    // By the monotonic clock, in seconds.
    double updated = 0;
    bool disconnected = false;
  };

  const Limits limits_;
  const DisconnectFn disconnect_;
  absl::Mutex mutex_;
  // The newest first.
  std::list<Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::list<Bucket>::iterator> by_peer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_RESET_GUARD_H_
