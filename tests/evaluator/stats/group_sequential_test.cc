// Tests of error spending. tests/golden/statistics/make_look_cases.py makes the cases with SciPy.
#include "evaluator/stats/group_sequential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "evaluator/stats/mean_test.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;
using Values = std::vector<double>;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

constexpr double kAlpha = 0.05;
const Values kFifths = {0.2, 0.4, 0.6, 0.8, 1};

const Json& Cases(const std::string& kind) {
  static const auto* const kCases =
      new Json(Json::parse(std::ifstream("tests/golden/statistics/look_cases.json")));
  return kCases->at(kind);
}

Values BoundsAt(double alpha, const Values& fractions) {
  Values spent;
  for (const double fraction : fractions) spent.push_back(SpentError(alpha, fraction));
  return SpendingBounds(fractions, spent);
}

// Lan and DeMets (1983) and every textbook since.
TEST(GroupSequentialTest, HasThePublishedBounds) {
  constexpr double kRounding = 6e-4;
  const auto near = [](double bound) { return DoubleNear(bound, kRounding); };
  EXPECT_THAT(BoundsAt(kAlpha, kFifths),
              ElementsAre(near(4.877), near(3.357), near(2.680), near(2.290), near(2.031)));
  Values pocock;
  for (const double fraction : kFifths) {
    pocock.push_back(kAlpha * std::log(1 + (std::exp(1) - 1) * fraction));
  }
  EXPECT_THAT(SpendingBounds(kFifths, pocock),
              ElementsAre(near(2.438), near(2.427), near(2.410), near(2.397), near(2.386)));
}

TEST(GroupSequentialTest, EqualsSciPy) {
  for (const Json& c : Cases("bounds")) {
    const auto fractions = c["fractions"].get<Values>();
    const auto expected = c["bounds"].get<Values>();
    const Values bounds = SpendingBounds(fractions, c["spent"].get<Values>());
    ASSERT_EQ(bounds.size(), expected.size());
    for (size_t i = 0; i < bounds.size(); ++i) EXPECT_NEAR(bounds[i], expected[i], 1e-6) << c;
    if (c["spending"] != "obrien_fleming") continue;
    for (size_t i = 0; i < fractions.size(); ++i) {
      EXPECT_NEAR(SpentError(c["alpha"], fractions[i]) / c["spent"][i].get<double>(), 1, 1e-9);
    }
  }
  for (const Json& c : Cases("levels")) {
    EXPECT_NEAR(NominalLevel(c["fractions"].get<Values>(), c["alpha"]), c["level"], 1e-7) << c;
  }
  for (const Json& c : Cases("p_values")) {
    EXPECT_NEAR(SequentialPValue(c["fractions"].get<Values>(), c["p"]), c["sequential"], 1e-6) << c;
  }
}

TEST(GroupSequentialTest, TheSequentialPValueInvertsTheLevelAndKeepsTheOrder) {
  for (size_t looks = 1; looks <= kFifths.size(); ++looks) {
    const auto fractions = std::span(kFifths).first(looks);
    double last = 0;
    for (const double p : {1e-9, 1e-6, 1e-4, 0.003, 0.01, 0.04, 0.049, 0.2, 0.4, 0.7, 0.99, 1.0}) {
      const double sequential = SequentialPValue(fractions, p);
      EXPECT_GE(sequential, p) << looks;
      EXPECT_LE(sequential, 1) << looks;
      EXPECT_GE(sequential, last) << looks;
      last = sequential;
      if (sequential < kMaxSpendingLevel) {
        EXPECT_NEAR(NominalLevel(fractions, sequential) / p, 1, 1e-6);
      }
    }
  }
  EXPECT_EQ(SequentialPValue(Values{1}, 0.03), 0.03);
  EXPECT_EQ(SequentialPValue({}, 0.03), 0.03);
  EXPECT_DOUBLE_EQ(NominalLevel({}, kAlpha), kAlpha);
  EXPECT_NEAR(NominalLevel(Values{1}, kAlpha), kAlpha, 1e-12);
}

// A simulated Brownian motion from the observed trend.
TEST(GroupSequentialTest, ConditionalPowerIsThatOfTheTrend) {
  const Values seen = {0.2, 0.4};
  const Values rest = {0.6, 0.8, 1};
  const double nominal = 0.15;
  constexpr double kZ = 1.4395;  // The normal quantile of 1 - 0.15 / 2.
  std::mt19937_64 random(1);
  std::normal_distribution<double> step;
  constexpr int kPaths = 200'000;
  int rejected = 0;
  const double at = kZ * std::sqrt(0.4);
  for (int i = 0; i < kPaths; ++i) {
    const double end = at + at / 0.4 * 0.6 + std::sqrt(0.6) * step(random);
    rejected += end > 2.031 ? 1 : 0;
  }
  EXPECT_NEAR(ConditionalPower(seen, rest, nominal, kAlpha), rejected / double{kPaths}, 0.005);
  EXPECT_LT(ConditionalPower(seen, rest, 0.9, kAlpha), 0.01);
}

// The tests of the project at five looks, stopped at the first that rejects.
double FalseStops(int per_look, int experiments, double (*draw)(std::mt19937_64&)) {
  Values levels;
  for (size_t look = 1; look <= kFifths.size(); ++look) {
    levels.push_back(NominalLevel(std::span(kFifths).first(look), kAlpha));
  }
  std::mt19937_64 random(static_cast<uint64_t>(per_look));
  int stopped = 0;
  for (int i = 0; i < experiments; ++i) {
    Values values;
    std::vector<int> units;
    for (const double level : levels) {
      for (int k = 0; k < per_look; ++k) {
        units.push_back(static_cast<int>(values.size()));
        values.push_back(draw(random));
      }
      if (TestMean(values, units, kAlpha).p_value >= level) continue;
      ++stopped;
      break;
    }
  }
  return static_cast<double>(stopped) / experiments;
}

double Normal(std::mt19937_64& random) { return std::normal_distribution<double>()(random); }
double Skewed(std::mt19937_64& random) {
  return std::exponential_distribution<double>()(random) - 1;
}

TEST(GroupSequentialTest, FiveLooksAtEqualCandidatesKeepTheLevel) {
  // About three standard errors of the simulation above 0.05.
  EXPECT_LE(FalseStops(8, 800, Normal), 0.073);
}

// Takes minutes: run by `make nightly`.
TEST(ErrorRatesTest, DISABLED_FiveLooks) {
  std::printf("| Differences | 5 x 6 | 5 x 12 | 5 x 24 |\n|---|---|---|---|\n");
  for (const bool skewed : {false, true}) {
    std::printf("| %s |", skewed ? "skewed (exponential)" : "normal");
    for (const int per_look : {6, 12, 24}) {
      const double rate = FalseStops(per_look, 4000, skewed ? Skewed : Normal);
      std::printf(" %.1f |", 100 * rate);
      std::fflush(stdout);
      EXPECT_LE(rate, 0.055 + 0.005) << per_look;
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace assay::evaluator
