// Comparison of all statistics with SciPy's results. tests/golden/statistics/make_cases.py makes
// the cases.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluator/analysis/estimate.h"
#include "evaluator/stats/clustered.h"
#include "evaluator/stats/mean_test.h"
#include "evaluator/stats/moments.h"
#include "evaluator/stats/multiple_tests.h"
#include "evaluator/stats/paired.h"
#include "evaluator/stats/paired_proportions.h"
#include "evaluator/stats/power.h"
#include "evaluator/stats/proportion.h"
#include "evaluator/stats/quantile.h"
#include "evaluator/stats/sign_flip.h"
#include "evaluator/stats/trend.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;
using Values = std::vector<double>;

constexpr double kTolerance = 1e-9;
// The smallest normal double.
constexpr double kSmallest = std::numeric_limits<double>::min();

const Json& Cases(const std::string& method) {
  static const auto* const kCases =
      new Json(Json::parse(std::ifstream("tests/golden/statistics/cases.json")));
  return kCases->at(method);
}

Values ListOf(const Json& c) { return Cases("lists").at(c["list"].get<size_t>()).get<Values>(); }

// Compares results with SciPy's and prints the largest error. Errors are relative to SciPy's value,
// so that p-values of 1e-20 and means of 1e-100 are compared with the same precision.
class StatsGoldenTest : public ::testing::Test {
 protected:
  void Expect(double ours, const Json& reference) {
    const double expected = reference.get<double>();
    Record(ours, expected, std::max(std::abs(expected), kSmallest));
  }
  // Takes the error relative to `scale`, for differences of larger numbers that may be about 0.
  void Expect(double ours, const Json& reference, double scale) {
    const double expected = reference.get<double>();
    Record(ours, expected, std::max({std::abs(expected), scale, kSmallest}));
  }
  void Record(double ours, double expected, double scale) {
    const double error = std::abs(ours - expected) / scale;
    EXPECT_LE(error, kTolerance) << ours << " for " << expected;
    EXPECT_TRUE(std::isfinite(ours));
    largest_ = std::max(largest_, error);
    ++compared_;
  }
  void TearDown() override {
    EXPECT_GT(compared_, 0);
    std::printf("%s: %d values, largest error %.2g\n",
                ::testing::UnitTest::GetInstance()->current_test_info()->name(), compared_,
                largest_);
  }

  double largest_ = 0;
  int compared_ = 0;
};

TEST_F(StatsGoldenTest, SignFlips) {
  for (const Json& c : Cases("sign_flip")) {
    const auto d = c["d"].get<Values>();
    const SignFlip flip = SignFlipTest(d, Values(d.size(), 1.0), 0.05);
    Expect(flip.p_value, c["p"]);
    Expect(flip.ci_low, c["low"], 1);
    Expect(flip.ci_high, c["high"], 1);
  }
}

TEST_F(StatsGoldenTest, MeanTests) {
  for (const Json& c : Cases("mean_test")) {
    const auto d = c["d"].get<Values>();
    std::vector<int> alone(d.size());
    for (size_t i = 0; i < alone.size(); ++i) alone[i] = static_cast<int>(i);
    const MeanTest test = TestMean(d, alone, 0.05);
    Expect(test.p_value, c["p"]);
    Expect(test.ci_low, c["low"], 1);
    Expect(test.ci_high, c["high"], 1);
  }
}

// The reference maximizes the likelihood numerically.
TEST_F(StatsGoldenTest, Tango) {
  for (const Json& c : Cases("tango")) {
    const ProportionDifference test = TestProportions({.gains = c["gains"].get<int64_t>(),
                                                       .losses = c["losses"].get<int64_t>(),
                                                       .pairs = c["n"].get<int64_t>()},
                                                      0.05);
    EXPECT_NEAR(test.ci_low, c["low"].get<double>(), 1e-6);
    EXPECT_NEAR(test.ci_high, c["high"].get<double>(), 1e-6);
    Record(0, 0, 1);
  }
}

TEST_F(StatsGoldenTest, PairedT) {
  for (const Json& c : Cases("t")) Expect(StudentTTest(ListOf(c)), c["p"]);
}

// The scores have one decimal, so the differences tie only after rounding. SciPy got rounded
// differences.
TEST_F(StatsGoldenTest, ComparePaired) {
  for (const Json& c : Cases("paired")) {
    const auto a = c["a"].get<Values>();
    const auto b = c["b"].get<Values>();
    const PairedResult result = ComparePaired(a, b, 0.05);
    // SciPy cannot enumerate the sign patterns of longer lists.
    if (!c["p"].is_null()) Expect(result.p_value, c["p"]);
    Expect(result.t_test_p_value, c["t"]);
    // Differences that cancel out leave rounding errors of about 1e-17, so the tolerance is
    // relative to the scores and to the standard deviation.
    Expect(result.diff, c["diff"], std::max(MaxAbs(a), MaxAbs(b)));
    Expect(result.effect_size, c["effect"], 1);
    EXPECT_EQ(result.ties, c["ties"].get<int>());
  }
}

TEST_F(StatsGoldenTest, McNemar) {
  for (const Json& c : Cases("mcnemar")) {
    const PairedCounts counts{.gains = c["b"].get<int64_t>(), .losses = c["c"].get<int64_t>()};
    Expect(McNemarTest(counts), c["p"]);
  }
}

TEST_F(StatsGoldenTest, Wilson) {
  for (const Json& c : Cases("wilson")) {
    const ProportionInterval interval =
        WilsonInterval(c["k"].get<int64_t>(), c["n"].get<int64_t>(), kConfidence);
    Expect(interval.low, c["low"]);
    Expect(interval.high, c["high"]);
  }
}

TEST_F(StatsGoldenTest, HolmAndBenjaminiHochberg) {
  for (const Json& c : Cases("adjust")) {
    const auto p = c["p"].get<Values>();
    const Values holm = HolmAdjusted(p);
    const Values bh = BenjaminiHochbergAdjusted(p);
    for (size_t i = 0; i < p.size(); ++i) {
      Expect(holm[i], c["holm"][i]);
      Expect(bh[i], c["bh"][i]);
    }
  }
}

TEST_F(StatsGoldenTest, Clustered) {
  for (const Json& c : Cases("clustered")) {
    const ClusteredMean mean =
        MeanOfClusters(c["x"].get<Values>(), c["c"].get<std::vector<int>>(), kConfidence);
    Expect(mean.standard_error, c["se"]);
    Expect(mean.degrees_of_freedom, c["df"]);
    Expect(mean.ci_low.value(), c["low"], mean.mean);
    Expect(mean.ci_high.value(), c["high"], mean.mean);
  }
}

TEST_F(StatsGoldenTest, BoundedClustered) {
  for (const Json& c : Cases("bounded")) {
    const Bounds bounds{.low = c["bounds"][0].get<double>(), .high = c["bounds"][1].get<double>()};
    const ClusteredMean mean =
        MeanOfClusters(c["x"].get<Values>(), c["c"].get<std::vector<int>>(), kConfidence, bounds);
    const double scale = bounds.high - bounds.low;
    Expect(mean.ci_low.value(), c["low"], scale);
    Expect(mean.ci_high.value(), c["high"], scale);
    EXPECT_GE(*mean.ci_low, bounds.low);
    EXPECT_LE(*mean.ci_high, bounds.high);
    EXPECT_LE(*mean.ci_low, mean.mean);
    EXPECT_GE(*mean.ci_high, mean.mean);
  }
}

TEST_F(StatsGoldenTest, Power) {
  for (const Json& c : Cases("power")) {
    Expect(PairedTPower(c["effect"].get<double>(), c["n"].get<int>(), c["alpha"].get<double>()),
           c["power"]);
  }
}

TEST_F(StatsGoldenTest, PairsNeeded) {
  for (const Json& c : Cases("needed")) {
    Expect(PairsNeeded(c["effect"].get<double>(), 0.05, kUsualPower), c["n"]);
  }
}

TEST_F(StatsGoldenTest, DetectableEffect) {
  for (const Json& c : Cases("detectable")) {
    Expect(DetectableEffect(c["n"].get<int>(), c["alpha"].get<double>(), kUsualPower), c["effect"]);
  }
}

TEST_F(StatsGoldenTest, TheilSen) {
  for (const Json& c : Cases("trend")) {
    const Trend trend = TheilSen(c["x"].get<Values>(), c["y"].get<Values>(), kConfidence);
    Expect(trend.slope, c["slope"]);
    Expect(trend.ci_low, c["low"]);
    Expect(trend.ci_high, c["high"]);
  }
}

TEST_F(StatsGoldenTest, MeanDeviationIntervalAndQuantile) {
  for (const Json& c : Cases("mean")) {
    const Estimate estimate = EstimateOf(ListOf(c));
    const double scale = estimate.standard_deviation;
    Expect(estimate.mean, c["mean"], scale);
    Expect(estimate.standard_deviation, c["sd"]);
    Expect(estimate.ci_low.value(), c["low"], scale);
    Expect(estimate.ci_high.value(), c["high"], scale);
    Expect(estimate.p90, c["p90"]);
  }
}

}  // namespace
}  // namespace assay::evaluator
