// The error and the decision after models of a route have failed.
#include "server/serving/route_failures.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/routing/router.h"

namespace assay::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RouteFailuresTest, SingleErrorIsReturnedUnchanged) {
  RouteFailures failures;
  EXPECT_TRUE(failures.empty());
  failures.Add("a", absl::DataLossError("truncated"));
  EXPECT_FALSE(failures.empty());
  EXPECT_EQ(failures.ToStatus(), absl::DataLossError("truncated"));
}

TEST(RouteFailuresTest, TransientErrorHasPrecedenceAndKeepsItsPayload) {
  absl::Status busy = absl::UnavailableError("busy");
  busy.SetPayload("retry", absl::Cord("10 s"));
  RouteFailures failures;
  failures.Add("a", absl::DataLossError("truncated"));
  failures.Add("b", busy);
  const absl::Status status = failures.ToStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(),
            "no model of the route could answer: 'a' failed with DATA_LOSS (truncated); 'b' failed "
            "with UNAVAILABLE (busy)");
  EXPECT_EQ(status.GetPayload("retry"), absl::Cord("10 s"));
}

TEST(RouteFailuresTest, FirstErrorIsReturnedIfNoneIsTransient) {
  RouteFailures failures;
  failures.Add("a", absl::NotFoundError("no file"));
  failures.Add("b", absl::DataLossError("truncated"));
  EXPECT_EQ(failures.ToStatus().code(), absl::StatusCode::kNotFound);
}

TEST(RouteFailuresTest, FallBackNamesTheModelAndItsEvidence) {
  registry::RouteDecision route{.model = "a", .rule = "auto", .reason = "the best"};
  route.evidence = registry::Evidence{.evaluation_id = "ev-a"};
  route.candidates = {{.model = "a", .evidence = registry::Evidence{.evaluation_id = "ev-a"}},
                      {.model = "b", .evidence = registry::Evidence{.evaluation_id = "ev-b"}}};
  RouteFailures failures;
  failures.Add("a", absl::DataLossError("truncated"));
  failures.FallBack("b", &route);
  EXPECT_EQ(route.model, "b");
  EXPECT_EQ(route.rule, "fallback");
  EXPECT_THAT(route.tried, ElementsAre("a"));
  EXPECT_EQ(route.evidence->evaluation_id, "ev-b");
  EXPECT_THAT(route.reason, HasSubstr("so 'b' answers; at first: the best"));
}

TEST(RouteFailuresTest, LongErrorsAreCutInTheDescription) {
  RouteFailures failures;
  failures.Add("a", absl::DataLossError(std::string(301, 'x')));
  failures.Add("b", absl::DataLossError("y"));
  const std::string message(failures.ToStatus().message());
  EXPECT_THAT(message, HasSubstr(std::string(300, 'x')));
  EXPECT_THAT(message, testing::Not(HasSubstr(std::string(301, 'x'))));
}

}  // namespace
}  // namespace assay::server
