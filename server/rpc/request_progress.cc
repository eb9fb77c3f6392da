// What the callers of a server have finished sending.
#include "server/rpc/request_progress.h"

#include <utility>

#include "base/mutex_lock.h"

namespace assay::server {
namespace {

// What a request has beside its message: headers, and a small share of the message for frames and
// TLS records.
constexpr uint64_t kHeaderBytes = 4 << 10;
constexpr uint64_t kFramingShare = 64;

}  // namespace

void RequestProgress::Touch(const std::string& peer) {
  const MutexLock lock(mutex_);
  bytes_.try_emplace(peer, 0);
}

void RequestProgress::Add(const std::string& peer, uint64_t message_bytes) {
  const MutexLock lock(mutex_);
  bytes_[peer] += kHeaderBytes + message_bytes + message_bytes / kFramingShare;
}

RequestProgress::Bytes RequestProgress::Take() {
  const MutexLock lock(mutex_);
  return std::exchange(bytes_, {});
}

}  // namespace assay::server
