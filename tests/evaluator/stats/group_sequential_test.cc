// Tests of error spending. tests/golden/statistics/make_look_cases.py makes the cases with SciPy.
#include "evaluator/stats/group_sequential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
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

// What evaluations with five looks came to, on average.
struct Looked {
  // The fraction that showed a difference, at a look or at the only test of a plan without looks.
  double shown = 0;
  double shown_at_once = 0;
  // The fraction of the planned prompts that were used.
  double used = 0;
  // The estimates of those that showed a difference.
  double estimate = 0;
};

// Runs the tests of the project at five looks with `per_look` differences each, whose mean is
// `gap` standard deviations.
Looked LookFiveTimes(int per_look, double gap, int experiments, double (*draw)(std::mt19937_64&)) {
  Values levels;
  for (size_t look = 1; look <= kFifths.size(); ++look) {
    levels.push_back(NominalLevel(std::span(kFifths).first(look), kAlpha));
  }
  std::mt19937_64 random(static_cast<uint64_t>(per_look));
  Looked looked;
  for (int i = 0; i < experiments; ++i) {
    Values values;
    std::vector<int> units;
    bool is_shown = false;
    for (size_t look = 0; look < levels.size(); ++look) {
      for (int k = 0; k < per_look; ++k) {
        units.push_back(static_cast<int>(values.size()));
        values.push_back(draw(random) + gap);
      }
      const bool is_last = look + 1 == levels.size();
      if (is_shown && !is_last) continue;
      const MeanTest test = TestMean(values, units, kAlpha);
      if (is_last) looked.shown_at_once += test.p_value < kAlpha ? 1 : 0;
      if (is_shown || (test.p_value >= levels[look] && !is_last)) continue;
      looked.used += kFifths[look];
      if (test.p_value >= levels[look]) continue;
      is_shown = true;
      ++looked.shown;
      looked.estimate += test.mean;
    }
  }
  if (looked.shown > 0) looked.estimate /= looked.shown;
  looked.shown /= experiments;
  looked.shown_at_once /= experiments;
  looked.used /= experiments;
  return looked;
}

double Normal(std::mt19937_64& random) { return std::normal_distribution<double>()(random); }
double Skewed(std::mt19937_64& random) {
  return std::exponential_distribution<double>()(random) - 1;
}

TEST(GroupSequentialTest, FiveLooksAtEqualCandidatesKeepTheLevel) {
  // About three standard errors of the simulation above 0.05.
  EXPECT_LE(LookFiveTimes(8, 0, 600, Normal).shown, 0.077);
}

TEST(GroupSequentialTest, AClearGapSavesPromptsAndKeepsThePower) {
  const Looked looked = LookFiveTimes(12, 0.8, 60, Normal);
  EXPECT_GE(looked.shown, 0.95);
  EXPECT_LE(looked.used, 0.7);
}

// Takes minutes: run by `make nightly`.
TEST(ErrorRatesTest, DISABLED_FiveLooks) {
  std::printf("| Equal candidates | 5 x 6 | 5 x 12 | 5 x 24 |\n|---|---|---|---|\n");
  for (const bool skewed : {false, true}) {
    std::printf("| %s |", skewed ? "skewed (exponential)" : "normal");
    for (const int per_look : {6, 12, 24}) {
      const Looked looked = LookFiveTimes(per_look, 0, 4000, skewed ? Skewed : Normal);
      std::printf(" %.1f |", 100 * looked.shown);
      std::fflush(stdout);
      // The standard error of the simulation is 0.0034.
      EXPECT_LE(looked.shown, 0.055) << per_look;
    }
    std::printf("\n");
  }
  std::printf(
      "| Gap, 5 x 12 | shown | shown without looks | prompts used | estimate |\n"
      "|---|---|---|---|---|\n");
  for (const double gap : {0.2, 0.4, 0.6, 0.8, 1.2}) {
    const Looked looked = LookFiveTimes(12, gap, 1000, Normal);
    std::printf("| %.1f | %.2f | %.2f | %.0f %% | %.2f |\n", gap, looked.shown,
                looked.shown_at_once, 100 * looked.used, looked.estimate);
    std::fflush(stdout);
    EXPECT_GE(looked.shown, looked.shown_at_once - 0.04) << gap;
  }
}

}  // namespace
}  // namespace assay::evaluator
