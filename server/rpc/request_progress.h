// What the callers of a server have finished sending.
#ifndef ASSAY_SERVER_RPC_REQUEST_PROGRESS_H_
#define ASSAY_SERVER_RPC_REQUEST_PROGRESS_H_

#include <cstdint>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace assay::server {

// Collects which connections have sent complete requests, for the one who watches the connections
// (connection_table.h). Peers are named as gRPC formats them ("ipv4:127.0.0.1:40312"). Cheap.
// Thread-safe.
class RequestProgress {
 public:
  // By peer, an estimate of the bytes on the wire of its complete requests. 0: only that there were
  // some.
  using Bytes = std::unordered_map<std::string, uint64_t>;

  // A request of the peer is complete, but does not count, because its sender is unknown.
  void Touch(const std::string& peer) ABSL_LOCKS_EXCLUDED(mutex_);
  // A request of the peer with a message of so many bytes is complete.
  void Add(const std::string& peer, uint64_t message_bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns what was collected since the last time.
  Bytes Take() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Mutex mutex_;
  Bytes bytes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_REQUEST_PROGRESS_H_
