#include "server/wire/feedback_proto.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/wire/arms_proto.h"
#include "tests/server/routing/route_policies.h"

namespace assay::server {
namespace {

using assay::v1::CompareArmsRequest;
using assay::v1::CompareArmsResponse;
using assay::v1::GiveFeedbackRequest;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(FeedbackProtoTest, ComputesTheEditDistanceOfTexts) {
  GiveFeedbackRequest request;
  request.set_verdict(assay::v1::FEEDBACK_VERDICT_EDITED);
  request.mutable_text()->set_original("kitten");
  request.mutable_text()->set_final("sitting");
  request.set_rating(0);
  request.set_conversion_usd(0);
  const auto values = ToValues(request);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(values->verdict, evaluator::FeedbackVerdict::kEdited);
  EXPECT_DOUBLE_EQ(values->edit_distance.value(), 3.0 / 7);
  EXPECT_EQ(values->rating, 0);
  EXPECT_EQ(values->conversion_usd, 0);
  EXPECT_FALSE(values->comment.has_value());
}

TEST(FeedbackProtoTest, ErrorsNameTheField) {
  struct Case {
    std::function<void(GiveFeedbackRequest*)> set;
    std::string message;
  };
  const std::vector<Case> cases = {
      {[](auto*) {}, "there is no feedback"},
      {[](auto* r) { r->set_rating(10.5); }, "rating: 10.5 is out of range"},
      {[](auto* r) { r->set_conversion_usd(-1); }, "conversion_usd: -1 is out of range"},
      {[](auto* r) { r->set_comment(std::string(4097, 'x')); }, "comment: has 4097 bytes"},
      {[](auto* r) { r->set_distance(0.5); }, "edit: is set, but verdict is not EDITED"},
      {[](auto* r) {
         r->set_verdict(assay::v1::FEEDBACK_VERDICT_EDITED);
         r->set_distance(1.5);
       },
       "distance: 1.5 is out of range"},
      {[](auto* r) {
         r->set_verdict(assay::v1::FEEDBACK_VERDICT_EDITED);
         r->mutable_text()->set_original(std::string(20000, 'x'));
         r->mutable_text()->set_final(std::string(20000, 'y'));
       },
       "text: the texts differ over more than"},
      {[](auto* r) { r->set_verdict(static_cast<assay::v1::FeedbackVerdict>(9)); },
       "verdict: 9 is unknown"}};
  for (const Case& c : cases) {
    GiveFeedbackRequest request;
    c.set(&request);
    const auto values = ToValues(request);
    EXPECT_EQ(values.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(values.status().message()), StartsWith(c.message));
  }
}

TEST(FeedbackProtoTest, RatesHaveWilsonIntervalsAndAreAbsentWithoutData) {
  assay::v1::FeedbackSummary out;
  ToProto(evaluator::FeedbackTotals{.model = "a",
                                    .answers = 10,
                                    .converted_answers = 1,
                                    .accepted = 2,
                                    .edited = 1,
                                    .rejected = 1},
          &out);
  EXPECT_EQ(out.acceptance().rate(), 0.75);
  // scipy.stats.binomtest(3, 4).proportion_ci(method="wilson")
  EXPECT_NEAR(out.acceptance().ci_low(), 0.30064184, 1e-6);
  EXPECT_NEAR(out.acceptance().ci_high(), 0.95441271, 1e-6);
  EXPECT_EQ(out.conversion().rate(), 0.1);
  EXPECT_FALSE(out.has_rating());
  assay::v1::FeedbackSummary empty;
  ToProto(evaluator::FeedbackTotals{.model = "a"}, &empty);
  EXPECT_FALSE(empty.has_acceptance());
  EXPECT_FALSE(empty.has_conversion());
}

TEST(ArmsProtoTest, OnlyAWeightedRouteHasArms) {
  std::vector<registry::RouteTable::Route> routes;
  for (const registry::RoutePolicy& policy : EveryRule()) {
    routes.push_back({.policy = policy, .origin = registry::RouteOrigin::kSet});
  }
  EXPECT_EQ(FindWeighted(routes, "email")->models, std::vector<std::string>({"b", "a"}));
  const absl::Status fixed = FindWeighted(routes, "linkedin").status();
  EXPECT_EQ(fixed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(fixed.message()), HasSubstr("the route of 'linkedin' is fixed"));
  EXPECT_EQ(FindWeighted(routes, "poem").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ToRules(CompareArmsRequest()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ArmsProtoTest, ArmsAreComparedWithTheFirstOneOnMeasuresThatHaveData) {
  const registry::RoutePolicy policy = {.content_type = "email",
                                        .rule = registry::RouteRule::kWeighted,
                                        .models = {"a", "b"},
                                        .weights = {3, 1}};
  const std::vector<evaluator::ArmTotals> totals = {{.model = "a",
                                                     .answers = 500,
                                                     .revisions = 2,
                                                     .acceptance = {400, 200, 200},
                                                     .value = {500, 0, 0}},
                                                    {.model = "b",
                                                     .answers = 480,
                                                     .revisions = 1,
                                                     .acceptance = {400, 330, 330},
                                                     .value = {480, 0, 0}},
                                                    {.model = "old", .answers = 7}};
  CompareArmsResponse out;
  FillArms(policy, totals, {}, &out);
  ASSERT_EQ(out.arms_size(), 2);
  EXPECT_EQ(out.arms(0).weight(), 0.75);
  EXPECT_EQ(out.arms(1).acceptance(), 0.825);
  // There are neither ratings nor conversions.
  ASSERT_EQ(out.comparisons_size(), 1);
  EXPECT_EQ(out.comparisons(0).measure(), "acceptance");
  EXPECT_EQ(out.comparisons(0).model(), "b");
  EXPECT_EQ(out.comparisons(0).verdict(), assay::v1::ARM_VERDICT_BETTER);
  EXPECT_NEAR(out.comparisons(0).difference(), 0.325, 1e-12);
  ASSERT_EQ(out.notes_size(), 2);
  EXPECT_THAT(out.notes(0), HasSubstr("2 revisions"));
  EXPECT_THAT(out.notes(1), HasSubstr("'old' answered 7 requests"));
}

}  // namespace
}  // namespace assay::server
