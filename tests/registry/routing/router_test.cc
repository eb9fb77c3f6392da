// Tests of routing.
#include "registry/routing/router.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Catalog TwoModels(const std::string& default_model) {
  Catalog catalog;
  catalog.models.resize(2);
  catalog.models[0].id = "a";
  catalog.models[1].id = "b";
  catalog.models[1].content_types = {"linkedin"};
  catalog.default_model = default_model;
  return catalog;
}

absl::StatusOr<RouteDecision> Choose(const Catalog& catalog, std::string_view model,
                                     std::string_view content_type) {
  const std::optional<RoutePolicy> policy = catalog.RouteOf(content_type);
  return ChooseRoute(catalog, policy.has_value() ? &*policy : nullptr, nullptr,
                     {.model = model, .content_type = content_type});
}

TEST(RouterTest, ANamedModelHasPrecedenceOverTheContentType) {
  const auto route = Choose(TwoModels(""), "a", "linkedin");
  ASSERT_TRUE(route.ok());
  EXPECT_EQ(route->model, "a");
  EXPECT_EQ(route->rule, "requested");
}

TEST(RouterTest, AContentTypeHasAFixedModel) {
  const auto route = Choose(TwoModels("a"), "", "linkedin");
  ASSERT_TRUE(route.ok());
  EXPECT_EQ(route->model, "b");
  EXPECT_EQ(route->rule, "fixed");
  EXPECT_THAT(route->reason, HasSubstr("linkedin"));
}

TEST(RouterTest, TheDefaultModelServesAllOtherRequests) {
  EXPECT_EQ(Choose(TwoModels("a"), "", "poetry")->rule, "default");
  EXPECT_EQ(Choose(TwoModels("a"), "", "")->model, "a");
}

TEST(RouterTest, ErrorsNameWhatIsMissing) {
  const absl::Status unknown = Choose(TwoModels("a"), "z", "").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("'z' is not in the catalog; it has a, b"));
  EXPECT_EQ(Choose(TwoModels(""), "", "").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status no_route = Choose(TwoModels(""), "", "poetry").status();
  EXPECT_EQ(no_route.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(no_route.message()), HasSubstr("poetry"));
}

Catalog Models(const std::vector<std::string>& ids) {
  Catalog catalog;
  for (const std::string& id : ids) catalog.models.push_back({.id = id});
  return catalog;
}

RoutePolicy WeightedPolicy(const std::vector<double>& weights) {
  RoutePolicy policy{.content_type = "email", .rule = RouteRule::kWeighted, .weights = weights};
  for (size_t i = 0; i < weights.size(); ++i) policy.models.push_back(std::string(1, 'a' + i));
  return policy;
}

std::string ModelOf(const RoutePolicy& policy, const std::string& key,
                    const std::string& nonce = "") {
  const auto route = ChooseRoute(Models({"a", "b", "c"}), &policy, nullptr,
                                 {.content_type = "email", .key = key, .nonce = nonce});
  return route.ok() ? route->model : route.status().ToString();
}

// Returns Pearson's chi-square statistic of the distribution of `requests` keys.
double ChiSquare(const std::vector<double>& weights, int requests, bool keyed) {
  const RoutePolicy policy = WeightedPolicy(weights);
  std::map<std::string, int> counts;
  for (int i = 0; i < requests; ++i) {
    const std::string text = absl::StrCat("customer-", i);
    ++counts[keyed ? ModelOf(policy, text) : ModelOf(policy, "", text)];
  }
  double sum = 0;
  for (const double weight : weights) sum += weight;
  double statistic = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double expected = requests * weights[i] / sum;
    const double difference = counts[policy.models[i]] - expected;
    statistic += difference * difference / expected;
  }
  return statistic;
}

TEST(WeightedTest, FractionsFollowTheWeights) {
  // The 99.9 % points of the chi-square distribution with one and two degrees of freedom.
  constexpr double kOneDegree = 10.83;
  constexpr double kTwoDegrees = 13.82;
  constexpr int kRequests = 50'000;
  for (const bool keyed : {true, false}) {
    EXPECT_LT(ChiSquare({90, 10}, kRequests, keyed), kOneDegree);
    EXPECT_LT(ChiSquare({1, 1}, kRequests, keyed), kOneDegree);
    EXPECT_LT(ChiSquare({70, 20, 10}, kRequests, keyed), kTwoDegrees);
  }
}

// The choices were computed with the same formula in Python (hashlib). No restart, machine or
// library may change them.
TEST(WeightedTest, AKeyAlwaysGetsTheSameModel) {
  std::string models;
  for (int i = 0; i < 40; ++i)
    models += ModelOf(WeightedPolicy({70, 20, 10}), absl::StrCat("key-", i));
  EXPECT_EQ(models, "aaaaaaaaabaaaaacaacaabaaabbbabaaaaaaaaaa");
}

TEST(WeightedTest, NewWeightsMoveAsFewRequestsAsPossible) {
  constexpr int kKeys = 20'000;
  int moved = 0;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = absl::StrCat("k", i);
    const std::string before = ModelOf(WeightedPolicy({50, 30, 20}), key);
    const std::string after = ModelOf(WeightedPolicy({70, 30, 20}), key);
    if (before == after) continue;
    ++moved;
    EXPECT_EQ(after, "a") << key;
  }
  EXPECT_NEAR(static_cast<double>(moved) / kKeys, 70.0 / 120 - 50.0 / 100, 0.01);
}

TEST(WeightedTest, OnlyRequestsOfARemovedModelMove) {
  const RoutePolicy policy = WeightedPolicy({1, 1, 1});
  for (int i = 0; i < 200; ++i) {
    const std::string key = absl::StrCat("k", i);
    const auto all = ChooseRoute(Models({"a", "b", "c"}), &policy, nullptr,
                                 {.content_type = "email", .key = key});
    const auto two =
        ChooseRoute(Models({"a", "b"}), &policy, nullptr, {.content_type = "email", .key = key});
    ASSERT_TRUE(all.ok() && two.ok());
    if (all->model != "c") {
      EXPECT_EQ(two->model, all->model);
    } else {
      EXPECT_NE(two->model, "c");
    }
  }
}

TEST(FallbackTest, AlternativesAreInOrderWithoutTheChosenModel) {
  const Catalog catalog = Models({"a", "b", "c"});
  const RoutePolicy chain{
      .content_type = "x", .rule = RouteRule::kFallback, .models = {"gone", "b", "a"}};
  const auto route = ChooseRoute(catalog, &chain, nullptr, {.content_type = "x"});
  EXPECT_EQ(route->model, "b");
  EXPECT_EQ(route->rule, "fallback");
  EXPECT_THAT(route->alternatives, ElementsAre("a"));

  RoutePolicy weighted_policy = WeightedPolicy({1, 1});
  weighted_policy.fallback = {"c", "a", "b", "gone"};
  for (int i = 0; i < 20; ++i) {
    const auto weighted = ChooseRoute(catalog, &weighted_policy, nullptr,
                                      {.content_type = "email", .key = absl::StrCat(i)});
    EXPECT_THAT(weighted->alternatives, ElementsAre("c", weighted->model == "a" ? "b" : "a"));
  }
}

TEST(FallbackTest, ANamedModelHasNoAlternatives) {
  const RoutePolicy chain{.content_type = "x", .rule = RouteRule::kFallback, .models = {"a", "b"}};
  const auto route =
      ChooseRoute(Models({"a", "b"}), &chain, nullptr, {.model = "a", .content_type = "x"});
  EXPECT_EQ(route->rule, "requested");
  EXPECT_THAT(route->alternatives, IsEmpty());
}

TEST(FallbackTest, ARouteWithoutModelsUsesItsFallbackThenTheDefault) {
  Catalog catalog = Models({"b"});
  RoutePolicy fixed{.content_type = "x", .models = {"gone"}, .fallback = {"b"}};
  const auto route = ChooseRoute(catalog, &fixed, nullptr, {.content_type = "x"});
  EXPECT_EQ(route->model, "b");
  EXPECT_EQ(route->rule, "fallback");
  fixed.fallback = {};
  EXPECT_TRUE(
      absl::IsNotFound(ChooseRoute(catalog, &fixed, nullptr, {.content_type = "x"}).status()));
  catalog.default_model = "b";
  EXPECT_EQ(ChooseRoute(catalog, &fixed, nullptr, {.content_type = "x"})->rule, "default");
}

}  // namespace
}  // namespace assay::registry
