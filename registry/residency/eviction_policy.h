// The eviction policy: which models are unloaded or drained when a load needs memory.
#ifndef ASSAY_REGISTRY_RESIDENCY_EVICTION_POLICY_H_
#define ASSAY_REGISTRY_RESIDENCY_EVICTION_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "base/steady_time.h"
#include "registry/residency/model_state.h"

namespace assay::registry {

// A model slot as the eviction policy sees it.
struct EvictionCandidate {
  // The memory that the model holds, or that its load has reserved. A slot without memory is
  // ignored.
  int64_t bytes = 0;
  ModelState state = ModelState::kNew;
  // A pinned model is never evicted.
  bool pinned = false;
  // True if the model can be freed at once: it is kReady or kDraining, no request, visit or waiter
  // uses it, and no Unload() call is going to free it.
  bool freeable = false;
  // The number of handles that requests hold.
  int handles = 0;
  // When a request last began or ended.
  SteadyTime last_used = SteadyTime::InfinitePast();
  SteadyTime resident_since = SteadyTime::InfinitePast();
};

// What to do, as indices into the candidates. `drain` is empty if `unload` is set.
struct EvictionPlan {
  // The model to free now. The caller frees it and then plans again, because meanwhile the missing
  // bytes may have changed.
  std::optional<size_t> unload;
  // Models that refuse new requests from now on and can be freed when the running ones end.
  std::vector<size_t> drain;
};

// Plans how to free `missing_bytes`, which is above 0. The first rule that applies decides:
//   1. A model that has finished draining is unloaded, even if it is pinned.
//   2. The least recently used idle model is unloaded, if the idle and the draining models together
//      hold the missing bytes. An idle model is kReady and freeable.
//   3. Serving models (kReady, with handles) are drained, longest resident first, until they and
//      the idle and draining models together hold the missing bytes. A model that is resident for
//      less than `least_residency` is left alone.
// Rules 2 and 3 skip pinned models. The plan is empty if the caller can only wait.
//
// A pure function: no lock, no clock. Takes O(n log n) for n candidates.
EvictionPlan PlanEviction(const std::vector<EvictionCandidate>& candidates, int64_t missing_bytes,
                          SteadyTime now, absl::Duration least_residency);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_RESIDENCY_EVICTION_POLICY_H_
