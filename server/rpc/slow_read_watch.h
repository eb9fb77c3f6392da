// Finds connections whose bytes cost gRPC too much time.
#ifndef ASSAY_SERVER_RPC_SLOW_READ_WATCH_H_
#define ASSAY_SERVER_RPC_SLOW_READ_WATCH_H_

#include <cstdint>

#include "absl/time/time.h"

namespace assay::server {

// What is seen of a connection at one moment.
struct ConnectionState {
  // By the monotonic clock.
  absl::Duration now;
  // The bytes that gRPC has read and sent since the connection was opened.
  uint64_t read = 0;
  uint64_t sent = 0;
  // The bytes that wait for gRPC.
  int64_t unread = 0;
  // True if a request of the connection was complete since the last look.
  bool has_progress = false;
};

// Watches one connection by looks every few milliseconds, also inside TLS.
//
// gRPC parses a header that does not end again with each part (CVE-2023-33953): the more of it
// there is, the more slowly it reads. Bodies of requests are read at hundreds of megabytes a
// second, and a slow network leaves nothing unread. So a connection is bad if it has sent much
// without a request that is complete or a reply, and gRPC keeps reading it slowly although bytes
// wait. Cheap.
class SlowReadWatch {
 public:
  // Returns true if the connection should be closed.
  bool Look(const ConnectionState& state);

 private:
  // What was read and sent at the last progress.
  uint64_t progress_read_ = 0;
  uint64_t progress_sent_ = 0;
  // Since when bytes wait at each look, and what was read then.
  absl::Duration busy_since_;
  uint64_t busy_read_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_SLOW_READ_WATCH_H_
