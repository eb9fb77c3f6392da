#include "registry/routing/arm_comparison.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/routing/always_valid.h"

namespace assay::registry {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr double kAlpha = 0.05;
const ArmMeasure kAcceptance = {.name = "acceptance", .low = 0, .high = 1, .margin = 0.05};

ArmValues Accepted(int64_t n, int64_t accepted) {
  return {.n = n, .sum = static_cast<double>(accepted), .squares = static_cast<double>(accepted)};
}

TEST(AlwaysValidTest, RadiusIsThatOfThePaper) {
  // The same formula in Python: rho2 = (-2 log a + log(1 - 2 log a)) / t;
  // sqrt(2 (n rho2 + 1) / (n rho2) log(sqrt(n rho2 + 1) / a)).
  EXPECT_NEAR(AlwaysValidRadius(100, 0.05, 500), 3.363887725782781, 1e-12);
  EXPECT_TRUE(std::isinf(AlwaysValidRadius(1, 0.05, 500)));
  // Narrowest in relation to 1 / sqrt(n) at the chosen time: the width at t is least for t* = t.
  EXPECT_LT(AlwaysValidRadius(500, 0.05, 500), AlwaysValidRadius(500, 0.05, 50));
  EXPECT_LT(AlwaysValidRadius(500, 0.05, 500), AlwaysValidRadius(500, 0.05, 5000));
}

TEST(ArmComparisonTest, DecidesWhenTheIntervalExcludesZero) {
  const ArmDifference better =
      CompareArm("b", Accepted(400, 340), "a", Accepted(400, 220), kAcceptance, kAlpha);
  EXPECT_EQ(better.verdict, ArmVerdict::kBetter);
  EXPECT_DOUBLE_EQ(better.mean, 0.3);
  EXPECT_GT(better.low.value(), 0);
  EXPECT_THAT(better.decision, StartsWith("'b' is better than 'a' by 0.3 in acceptance ("));
  const ArmDifference worse =
      CompareArm("b", Accepted(400, 220), "a", Accepted(400, 340), kAcceptance, kAlpha);
  EXPECT_EQ(worse.verdict, ArmVerdict::kWorse);
  EXPECT_DOUBLE_EQ(worse.low.value(), -better.high.value());
}

TEST(ArmComparisonTest, KeepsGoingWithoutEvidence) {
  const ArmDifference few =
      CompareArm("b", Accepted(19, 19), "a", Accepted(500, 0), kAcceptance, kAlpha);
  EXPECT_EQ(few.verdict, ArmVerdict::kKeepGoing);
  EXPECT_FALSE(few.low.has_value());
  EXPECT_THAT(few.decision, HasSubstr("has 19 units for 'b' and 500 for 'a'"));
  const ArmDifference small =
      CompareArm("b", Accepted(100, 60), "a", Accepted(100, 55), kAcceptance, kAlpha);
  EXPECT_EQ(small.verdict, ArmVerdict::kKeepGoing);
  EXPECT_THAT(small.decision, StartsWith("keep going: "));
}

TEST(ArmComparisonTest, SaysThatADifferenceIsSmallerThanTheMargin) {
  const ArmDifference same =
      CompareArm("b", Accepted(20000, 12000), "a", Accepted(20000, 12010), kAcceptance, kAlpha);
  EXPECT_EQ(same.verdict, ArmVerdict::kNoDifference);
  EXPECT_THAT(same.decision, StartsWith("no difference larger than 0.05 in acceptance"));
  ArmMeasure all_matter = kAcceptance;
  all_matter.margin = 0;
  EXPECT_EQ(CompareArm("b", Accepted(20000, 12000), "a", Accepted(20000, 12010), all_matter, kAlpha)
                .verdict,
            ArmVerdict::kKeepGoing);
}

// The result of one A/B test that is looked at after every answer.
struct Looked {
  bool decided = false;
  int answers = 0;
};

Looked Simulate(double rate_a, double rate_b, double weight_b, int most, std::mt19937_64& random) {
  std::bernoulli_distribution is_b(weight_b);
  std::bernoulli_distribution accepts_a(rate_a);
  std::bernoulli_distribution accepts_b(rate_b);
  ArmValues a;
  ArmValues b;
  for (int i = 1; i <= most; ++i) {
    const bool to_b = is_b(random);
    const double value = (to_b ? accepts_b(random) : accepts_a(random)) ? 1 : 0;
    ArmValues& arm = to_b ? b : a;
    ++arm.n;
    arm.sum += value;
    arm.squares += value;
    const ArmVerdict verdict = CompareArm("b", b, "a", a, kAcceptance, kAlpha).verdict;
    if (verdict == ArmVerdict::kBetter || verdict == ArmVerdict::kWorse) {
      return {.decided = true, .answers = i};
    }
  }
  return {.answers = most};
}

TEST(ArmComparisonTest, EqualArmsAreRarelyDecidedThoughEveryAnswerIsLookedAt) {
  constexpr int kRuns = 400;
  constexpr int kAnswers = 2000;
  for (const double rate : {0.1, 0.5, 0.9}) {
    for (const double weight : {0.5, 0.1}) {
      std::mt19937_64 random(7);
      int wrong = 0;
      for (int run = 0; run < kRuns; ++run) {
        wrong += Simulate(rate, rate, weight, kAnswers, random).decided ? 1 : 0;
      }
      std::printf("rate %.1f, weight %.1f: %d of %d runs made a false decision\n", rate, weight,
                  wrong, kRuns);
      EXPECT_LE(wrong, kRuns * kAlpha);
    }
  }
}

TEST(ArmComparisonTest, ATrueDifferenceIsFound) {
  constexpr int kRuns = 100;
  std::mt19937_64 random(7);
  int found = 0;
  double answers = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Looked looked = Simulate(0.5, 0.65, 0.5, 2000, random);
    found += looked.decided ? 1 : 0;
    answers += static_cast<double>(looked.answers) / kRuns;
  }
  std::printf("0.65 against 0.50: found in %d of %d runs, after %.0f answers on average\n", found,
              kRuns, answers);
  EXPECT_GE(found, 95);
}

}  // namespace
}  // namespace assay::registry
