// Tests of estimates, some of them against SciPy and NumPy.
#include "evaluator/analysis/estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

namespace assay::evaluator {
namespace {

constexpr const char* kGolden = "tests/golden/evaluator/statistics.json";
constexpr double kRelative = 1e-9;

void ExpectClose(double actual, const nlohmann::json& expected, const char* what) {
  const double value = expected.get<double>();
  EXPECT_NEAR(actual, value, kRelative * std::abs(value)) << what;
}

TEST(EstimateTest, EqualsSciPyAndNumPy) {
  std::ifstream file(kGolden);
  ASSERT_TRUE(file) << kGolden;
  const nlohmann::json cases = nlohmann::json::parse(file).at("cases");
  ASSERT_GE(cases.size(), 40U);
  for (const nlohmann::json& one : cases) {
    SCOPED_TRACE(one.at("name").get<std::string>());
    const auto samples = one.at("samples").get<std::vector<double>>();
    const Estimate estimate = EstimateOf(samples);
    EXPECT_EQ(estimate.n, static_cast<int>(samples.size()));
    EXPECT_EQ(estimate.samples, estimate.n);
    ExpectClose(estimate.mean, one.at("mean"), "mean");
    ExpectClose(estimate.standard_deviation, one.at("standard_deviation"), "standard deviation");
    EXPECT_EQ(estimate.ci_low.has_value(), samples.size() > 1);
    if (estimate.ci_low) ExpectClose(*estimate.ci_low, one.at("ci_low"), "ci_low");
    if (estimate.ci_high) ExpectClose(*estimate.ci_high, one.at("ci_high"), "ci_high");
    ExpectClose(estimate.p50, one.at("p50"), "p50");
    ExpectClose(estimate.p90, one.at("p90"), "p90");
  }
}

TEST(EstimateTest, NoValuesGiveAnEmptyEstimate) {
  const Estimate estimate = EstimateOf(std::vector<double>{});
  EXPECT_EQ(estimate.n, 0);
  EXPECT_EQ(estimate.samples, 0);
  EXPECT_EQ(estimate.mean, 0);
  EXPECT_FALSE(estimate.ci_high.has_value());
}

// An interval of width 0 would suggest certainty.
TEST(EstimateTest, ASingleValueHasNoInterval) {
  const Estimate estimate = EstimateOf(std::vector<double>{7.5});
  EXPECT_EQ(estimate.n, 1);
  EXPECT_EQ(estimate.mean, 7.5);
  EXPECT_EQ(estimate.standard_deviation, 0);
  EXPECT_FALSE(estimate.ci_low.has_value());
  EXPECT_FALSE(estimate.ci_high.has_value());
  EXPECT_EQ(estimate.p90, 7.5);
}

TEST(EstimateTest, RepeatsOfASinglePromptHaveNoInterval) {
  const Estimate estimate = EstimateOf(std::vector<double>{5, 6, 7}, std::vector<SampleUnit>(3));
  EXPECT_EQ(estimate.n, 1);
  EXPECT_EQ(estimate.samples, 3);
  EXPECT_FALSE(estimate.ci_low.has_value());
}

// Greedy repeats give the same text, so five of them are not five times the evidence.
TEST(EstimateTest, RepeatsDoNotNarrowTheInterval) {
  const std::vector<double> once = {1, 2, 4, 8, 3, 5};
  std::vector<double> five;
  std::vector<SampleUnit> prompts;
  for (size_t i = 0; i < once.size(); ++i) {
    for (int repeat = 0; repeat < 5; ++repeat) {
      five.push_back(once[i]);
      prompts.push_back({.prompt = static_cast<int>(i), .cluster = static_cast<int>(i)});
    }
  }
  const Estimate repeated = EstimateOf(five, prompts);
  const Estimate single = EstimateOf(once);
  EXPECT_EQ(repeated.n, 6);
  EXPECT_EQ(repeated.samples, 30);
  EXPECT_NEAR(*repeated.ci_low, *single.ci_low, 1e-12);
  EXPECT_NEAR(*repeated.ci_high, *single.ci_high, 1e-12);
}

TEST(EstimateTest, EqualValuesHaveNoSpread) {
  const Estimate estimate = EstimateOf(std::vector<double>{3, 3, 3, 3});
  EXPECT_EQ(estimate.standard_deviation, 0);
  EXPECT_EQ(estimate.ci_low, 3);
  EXPECT_EQ(estimate.ci_high, 3);
}

TEST(EstimateTest, LeavesOutValuesThatAreNotFinite) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Estimate estimate =
      EstimateOf(std::vector<double>{1, std::nan(""), 3, infinity, -infinity});
  EXPECT_EQ(estimate.n, 2);
  EXPECT_EQ(estimate.mean, 2);
}

}  // namespace
}  // namespace assay::evaluator
