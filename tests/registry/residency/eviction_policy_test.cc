// Tests of the eviction policy.
#include "registry/residency/eviction_policy.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "base/steady_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Duration kLeastResidency = absl::Seconds(2);

SteadyTime At(int64_t seconds) { return SteadyTime() + absl::Seconds(seconds); }

EvictionCandidate Idle(int64_t last_used) {
  return {.bytes = 100,
          .state = ModelState::kReady,
          .freeable = true,
          .last_used = At(last_used),
          .resident_since = At(0)};
}

EvictionCandidate Serving(int64_t resident_since) {
  return {.bytes = 100,
          .state = ModelState::kReady,
          .handles = 1,
          .last_used = At(0),
          .resident_since = At(resident_since)};
}

EvictionCandidate Draining(bool freeable) {
  return {.bytes = 100, .state = ModelState::kDraining, .freeable = freeable};
}

EvictionCandidate Pinned(EvictionCandidate candidate) {
  candidate.pinned = true;
  return candidate;
}

EvictionPlan Plan(const std::vector<EvictionCandidate>& candidates, int64_t missing_bytes) {
  return PlanEviction(candidates, missing_bytes, /*now=*/At(100), kLeastResidency);
}

TEST(EvictionPolicyTest, UnloadsTheLeastRecentlyUsedIdleModel) {
  const EvictionPlan plan = Plan({Idle(30), Idle(10), Idle(20), Serving(0)}, 100);
  EXPECT_EQ(plan.unload, 1U);
  EXPECT_THAT(plan.drain, IsEmpty());
}

TEST(EvictionPolicyTest, UnloadsOneIdleModelAtATime) {
  EXPECT_EQ(Plan({Idle(30), Idle(10), Idle(20)}, 300).unload, 1U);
}

TEST(EvictionPolicyTest, KeepsIdleModelsUntilTheyAreEnough) {
  // Without the serving model, the idle one would be unloaded for nothing.
  const EvictionPlan plan = Plan({Idle(10), Serving(0)}, 150);
  EXPECT_EQ(plan.unload, std::nullopt);
  EXPECT_THAT(plan.drain, ElementsAre(1));
}

TEST(EvictionPolicyTest, UnloadsADrainedModelFirst) {
  EXPECT_EQ(Plan({Idle(10), Draining(true), Serving(0)}, 100).unload, 1U);
  EXPECT_EQ(Plan({Idle(10), Draining(true), Serving(0)}, 1000).unload, 1U);
  EXPECT_EQ(Plan({Pinned(Draining(true))}, 100).unload, 0U);
}

TEST(EvictionPolicyTest, CountsTheBytesOfDrainingModels) {
  const EvictionPlan enough = Plan({Draining(false), Serving(0)}, 100);
  EXPECT_EQ(enough.unload, std::nullopt);
  EXPECT_THAT(enough.drain, IsEmpty());
  EXPECT_EQ(Plan({Draining(false), Idle(10)}, 200).unload, 1U);
}

TEST(EvictionPolicyTest, DrainsServingModelsLongestResidentFirst) {
  EXPECT_THAT(Plan({Serving(20), Serving(10), Serving(30)}, 100).drain, ElementsAre(1));
  EXPECT_THAT(Plan({Serving(20), Serving(10), Serving(30)}, 150).drain, ElementsAre(1, 0));
  EXPECT_THAT(Plan({Serving(20), Serving(10), Serving(30)}, 900).drain, ElementsAre(1, 0, 2));
}

TEST(EvictionPolicyTest, NeverEvictsAPinnedModel) {
  const EvictionPlan plan = Plan({Pinned(Idle(10)), Pinned(Serving(0))}, 100);
  EXPECT_EQ(plan.unload, std::nullopt);
  EXPECT_THAT(plan.drain, IsEmpty());
  // The bytes of a pinned idle model do not count either.
  EXPECT_EQ(Plan({Pinned(Idle(10)), Idle(20)}, 200).unload, std::nullopt);
}

TEST(EvictionPolicyTest, LeavesAServingModelAloneForItsLeastResidency) {
  EXPECT_THAT(Plan({Serving(99)}, 100).drain, IsEmpty());
  EXPECT_THAT(Plan({Serving(98)}, 100).drain, ElementsAre(0));
  // An idle model may be unloaded at any time.
  EvictionCandidate young = Idle(99);
  young.resident_since = At(99);
  EXPECT_EQ(Plan({young}, 100).unload, 0U);
}

TEST(EvictionPolicyTest, IgnoresModelsThatCannotBeEvicted) {
  EvictionCandidate empty = Idle(10);
  empty.bytes = 0;
  EvictionCandidate loading = Idle(10);
  loading.state = ModelState::kLoading;
  // A visit or a waiter, but no request.
  EvictionCandidate visited = Serving(0);
  visited.handles = 0;
  const EvictionPlan plan = Plan({empty, loading, visited}, 100);
  EXPECT_EQ(plan.unload, std::nullopt);
  EXPECT_THAT(plan.drain, IsEmpty());
}

}  // namespace
}  // namespace assay::registry
