// Finds connections that start calls only to cancel them.
#include "server/rpc/reset_guard.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"

namespace assay::server {
namespace {

// The peers that are remembered. One that was forgotten begins with a full bucket.
constexpr size_t kMaxPeers = 4096;

}  // namespace

ResetGuard::ResetGuard(const Limits& limits, DisconnectFn disconnect)
    : limits_(limits), disconnect_(std::move(disconnect)) {}

bool ResetGuard::Count(const std::string& peer) {
  {
    const MutexLock lock(mutex_);
    const double now = absl::ToDoubleSeconds(SteadyNow());
    const auto known = by_peer_.find(peer);
    if (known == by_peer_.end()) {
      buckets_.push_front({.peer = peer, .tokens = limits_.burst, .updated = now});
      by_peer_[peer] = buckets_.begin();
      if (buckets_.size() > kMaxPeers) {
        by_peer_.erase(buckets_.back().peer);
        buckets_.pop_back();
      }
    } else {
      buckets_.splice(buckets_.begin(), buckets_, known->second);
    }
    Bucket& bucket = buckets_.front();
    bucket.tokens =
        std::min(limits_.burst, bucket.tokens + (now - bucket.updated) * limits_.per_second);
    bucket.updated = now;
    // The next connection of the same address and port is another one.
    if (bucket.tokens >= limits_.burst) bucket.disconnected = false;
    if (bucket.disconnected) return false;
    bucket.tokens -= 1;
    if (bucket.tokens >= 0) return true;
    bucket.disconnected = true;
  }
  disconnect_(peer);
  return false;
}

}  // namespace assay::server
