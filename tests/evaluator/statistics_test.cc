// Tests of evaluator/statistics, against SciPy and NumPy.
#include "evaluator/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace assay::evaluator {
namespace {

constexpr const char* kGolden = "tests/golden/evaluator/statistics.json";
constexpr double kRelative = 1e-9;

void ExpectClose(double actual, const nlohmann::json& expected, const char* what) {
  const double value = expected.get<double>();
  EXPECT_NEAR(actual, value, kRelative * std::abs(value)) << what;
}

TEST(StatisticsTest, EqualsSciPyAndNumPy) {
  std::ifstream file(kGolden);
  ASSERT_TRUE(file) << kGolden;
  const nlohmann::json cases = nlohmann::json::parse(file).at("cases");
  ASSERT_GE(cases.size(), 40U);
  for (const nlohmann::json& one : cases) {
    SCOPED_TRACE(one.at("name").get<std::string>());
    const auto samples = one.at("samples").get<std::vector<double>>();
    const Estimate estimate = EstimateOf(samples);
    EXPECT_EQ(estimate.n, static_cast<int>(samples.size()));
    ExpectClose(estimate.mean, one.at("mean"), "mean");
    ExpectClose(estimate.standard_deviation, one.at("standard_deviation"), "standard deviation");
    ExpectClose(estimate.ci_low, one.at("ci_low"), "ci_low");
    ExpectClose(estimate.ci_high, one.at("ci_high"), "ci_high");
    ExpectClose(estimate.p50, one.at("p50"), "p50");
    ExpectClose(estimate.p90, one.at("p90"), "p90");
  }
}

TEST(StatisticsTest, NoSamplesMakeAnEmptyEstimate) {
  const Estimate estimate = EstimateOf({});
  EXPECT_EQ(estimate.n, 0);
  EXPECT_EQ(estimate.mean, 0);
  EXPECT_EQ(estimate.ci_high, 0);
}

TEST(StatisticsTest, OneSampleIsItsOwnInterval) {
  const Estimate estimate = EstimateOf({7.5});
  EXPECT_EQ(estimate.n, 1);
  EXPECT_EQ(estimate.standard_deviation, 0);
  EXPECT_EQ(estimate.ci_low, 7.5);
  EXPECT_EQ(estimate.ci_high, 7.5);
  EXPECT_EQ(estimate.p90, 7.5);
}

TEST(StatisticsTest, EqualSamplesHaveNoSpread) {
  const Estimate estimate = EstimateOf({3, 3, 3, 3});
  EXPECT_EQ(estimate.standard_deviation, 0);
  EXPECT_EQ(estimate.ci_low, 3);
  EXPECT_EQ(estimate.ci_high, 3);
}

TEST(StatisticsTest, ValuesThatAreNotFiniteAreLeftOut) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Estimate estimate = EstimateOf({1, std::nan(""), 3, infinity, -infinity});
  EXPECT_EQ(estimate.n, 2);
  EXPECT_EQ(estimate.mean, 2);
}

}  // namespace
}  // namespace assay::evaluator
