// Conversion of routes to messages and back.
#include "server/wire/route_proto.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "registry/routing/evidence.h"
#include "registry/routing/router.h"
#include "tests/server/routing/route_policies.h"

namespace assay::server {
namespace {

using registry::RoutePolicy;

TEST(RouteProtoTest, PolicyIsUnchangedAfterARoundTrip) {
  for (const RoutePolicy& policy : EveryRule()) {
    assay::v1::ContentRoute wire;
    ToProto(policy, &wire);
    EXPECT_EQ(*FromProto(wire), policy);
  }
  assay::v1::ContentRoute wire;
  wire.set_rule("best");
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(wire).status()));
  wire.set_rule("weighted");
  wire.set_model("a");
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(wire).status()));
  wire.clear_model();
  wire.set_explore(0.1);
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(wire).status()));
}

TEST(RouteProtoTest, RouteHasTheEvidenceOfTheDecision) {
  const registry::RouteDecision decision{
      .model = "a",
      .rule = "auto",
      .evidence =
          registry::Evidence{.evaluation_id = "ev-new", .latency_p90 = absl::Milliseconds(1250)}};
  assay::v1::Route route;
  ToProto(decision, &route);
  EXPECT_EQ(route.rule(), "auto");
  EXPECT_EQ(route.evidence().evaluation_id(), "ev-new");
  EXPECT_EQ(route.evidence().latency_p90_ms(), 1250);
}

}  // namespace
}  // namespace assay::server
