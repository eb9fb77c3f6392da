// Tests of parsing and checking route policies.
#include "registry/catalog/route_policy.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/catalog/catalog.h"
#include "tests/registry/catalog/three_models.h"

namespace assay::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(RoutePolicyTest, ParsesEveryRule) {
  const absl::StatusOr<Catalog> catalog = Parse(R"(routes:
  linkedin: { model: a, fallback: [b, c] }
  email: { rule: weighted, models: { a: 90, b: 10.5 } }
  technical: { rule: fallback, models: [b, a] }
  blog:
    rule: auto
    models: [a, b]
    min_samples: 30
    min_success_rate: 0.9
    scorer: assay
    max_latency: 2s
    max_cost_usd: 0.001
    max_memory: 1GiB
    explore: 0.05
    otherwise: b
  twitter: { rule: auto }
)");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  ASSERT_EQ(catalog->routes.size(), 5U);
  const RoutePolicy linkedin{.content_type = "linkedin", .models = {"a"}, .fallback = {"b", "c"}};
  EXPECT_EQ(catalog->routes[0], linkedin);
  EXPECT_EQ(catalog->routes[1].rule, RouteRule::kWeighted);
  EXPECT_THAT(catalog->routes[1].models, ElementsAre("a", "b"));
  EXPECT_THAT(catalog->routes[1].weights, ElementsAre(90, 10.5));
  EXPECT_EQ(catalog->routes[2].rule, RouteRule::kFallback);
  EXPECT_THAT(catalog->routes[2].models, ElementsAre("b", "a"));
  const RoutePolicy& blog = catalog->routes[3];
  EXPECT_EQ(blog.limits.min_samples, 30);
  EXPECT_EQ(blog.limits.min_success_rate, 0.9);
  EXPECT_EQ(blog.limits.scorer, "assay");
  EXPECT_EQ(blog.limits.max_latency, absl::Seconds(2));
  EXPECT_EQ(blog.limits.max_cost_usd, 0.001);
  EXPECT_EQ(blog.limits.max_memory_bytes, int64_t{1} << 30);
  EXPECT_EQ(blog.explore, 0.05);
  EXPECT_EQ(blog.otherwise, "b");
  EXPECT_EQ(catalog->routes[4].limits, AutoLimits{});
  EXPECT_EQ(catalog->AllRoutes().size(), 6U);
  EXPECT_THAT(ModelsOf(catalog->RouteOf("poem")), ElementsAre("c"));
  EXPECT_EQ(catalog->RouteOf("sonnet"), std::nullopt);
}

struct BadRoute {
  std::string yaml;
  int line;
  std::string key;
  std::string message;
};

TEST(RoutePolicyTest, ErrorsNameFileLineAndKey) {
  const std::vector<BadRoute> cases = {
      {"email: { model: z }", 6, "routes.email.model", "'z' is not in the catalog; it has a, b, c"},
      {"email: { rule: best, model: a }", 6, "routes.email.rule", "'best' is not one of fixed"},
      {"email: { rule: fixed }", 6, "routes.email.model", "is required"},
      {"email: a", 6, "routes.email", "must be a mapping"},
      {"email: { rule: weighted, models: { a: 0, b: 0 } }", 6, "routes.email.models",
       "the weight of 'a' is 0; it must be above 0"},
      {"email: { rule: weighted, models: { a: -1 } }", 6, "routes.email.models.a", "out of range"},
      {"email: { rule: weighted, models: { a: many } }", 6, "routes.email.models.a",
       "not a number"},
      {"email: { rule: weighted, models: [a, b] }", 6, "routes.email.models", "must be a mapping"},
      {"email: { rule: weighted }", 6, "routes.email.models", "is empty"},
      {"email:\n    rule: fallback\n    models: [a, b, a]", 8, "routes.email.models",
       "'a' is duplicated in the chain, which makes it a cycle"},
      {"email: { model: a, fallback: [b, a] }", 6, "routes.email.fallback", "cycle"},
      {"email: { rule: fallback, models: [a], fallback: [b] }", 6, "routes.email.fallback",
       "unknown key"},
      {"Email: { model: a }", 6, "routes.Email", "begin with a letter"},
      {absl::StrCat(std::string(33, 'e'), ": { model: a }"), 6, "routes.e", "1 to 32"},
      {"email: { rule: auto, explore: 0.6 }", 6, "routes.email.explore", "0.6 is out of range"},
      {"email: { rule: auto, min_samples: 1 }", 6, "routes.email.min_samples", "1 is out of range"},
      {"email: { rule: auto, max_latency: 0s }", 6, "routes.email.max_latency", "out of range"},
      {"email: { rule: auto, otherwise: z }", 6, "routes.email.otherwise", "'z' is not in"},
      {"email: { model: a, min_samples: 9 }", 6, "routes.email.min_samples", "unknown key"},
      {"poem: { model: a }", 6, "routes.poem", "is routed by the content_types of 'c' too"},
  };
  for (const BadRoute& bad : cases) {
    const absl::Status status = Parse(absl::StrCat("routes:\n  ", bad.yaml, "\n")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.yaml;
    EXPECT_THAT(std::string(status.message()),
                StartsWith(absl::StrCat("m.yaml:", bad.line, ": ", bad.key)))
        << bad.yaml;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.message)) << bad.yaml;
  }
}

TEST(RoutePolicyTest, ChecksPoliciesThatAreNotFromAFile) {
  const Catalog catalog = *Parse("");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refused = [&](const RoutePolicy& policy) {
    return absl::IsInvalidArgument(CheckPolicy(policy, &catalog));
  };
  EXPECT_FALSE(refused({.content_type = "x", .models = {"a"}}));
  EXPECT_TRUE(refused({.content_type = "../x", .models = {"a"}}));
  EXPECT_TRUE(refused({.content_type = "x", .models = {"a", "b"}}));
  EXPECT_TRUE(refused({.content_type = "x", .models = {"z"}}));
  EXPECT_TRUE(refused({.content_type = "x", .rule = RouteRule::kWeighted, .models = {"a"}}));
  for (const double weight : {nan, -1.0, 0.0, 1e300}) {
    EXPECT_TRUE(refused(
        {.content_type = "x", .rule = RouteRule::kWeighted, .models = {"a"}, .weights = {weight}}));
  }
  EXPECT_TRUE(refused({.content_type = "x", .rule = RouteRule::kAuto, .explore = nan}));
  EXPECT_TRUE(
      refused({.content_type = "x", .rule = RouteRule::kAuto, .limits = {.max_cost_usd = nan}}));
  EXPECT_FALSE(refused({.content_type = "x", .rule = RouteRule::kAuto, .models = {"a"}}));
  EXPECT_TRUE(CheckPolicy({.content_type = "x", .models = {"z"}}, nullptr).ok());
}

}  // namespace
}  // namespace assay::registry
