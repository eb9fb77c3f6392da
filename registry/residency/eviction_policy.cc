// The eviction policy: which models are unloaded or drained when a load needs memory.
#include "registry/residency/eviction_policy.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "base/steady_time.h"

namespace assay::registry {

EvictionPlan PlanEviction(const std::vector<EvictionCandidate>& candidates, int64_t missing_bytes,
                          SteadyTime now, absl::Duration least_residency) {
  // The bytes that can be freed without draining another model.
  int64_t reachable_bytes = 0;
  std::optional<size_t> drained;
  std::optional<size_t> least_recently_used;
  std::vector<size_t> serving;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const EvictionCandidate& candidate = candidates[i];
    if (candidate.bytes == 0) continue;
    if (candidate.state == ModelState::kDraining) {
      reachable_bytes += candidate.bytes;
      if (candidate.freeable) drained = i;
      continue;
    }
    if (candidate.pinned || candidate.state != ModelState::kReady) continue;
    if (candidate.freeable) {
      reachable_bytes += candidate.bytes;
      if (!least_recently_used.has_value() ||
          candidate.last_used < candidates[*least_recently_used].last_used) {
        least_recently_used = i;
      }
    } else if (candidate.handles > 0 && candidate.resident_since <= now - least_residency) {
      serving.push_back(i);
    }
  }
  if (drained.has_value()) return {.unload = drained};
  if (least_recently_used.has_value() && reachable_bytes >= missing_bytes) {
    return {.unload = least_recently_used};
  }
  std::stable_sort(serving.begin(), serving.end(), [&](size_t a, size_t b) {
    return candidates[a].resident_since < candidates[b].resident_since;
  });
  EvictionPlan plan;
  for (const size_t i : serving) {
    if (reachable_bytes >= missing_bytes) break;
    plan.drain.push_back(i);
    reachable_bytes += candidates[i].bytes;
  }
  return plan;
}

}  // namespace assay::registry
