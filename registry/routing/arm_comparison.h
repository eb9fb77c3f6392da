// The comparison of two arms of a weighted route (A/B test) by what people say about their answers.
#ifndef ASSAY_REGISTRY_ROUTING_ARM_COMPARISON_H_
#define ASSAY_REGISTRY_ROUTING_ARM_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string>

namespace assay::registry {

// The values of one arm's independent units: their number, sum and sum of squares.
struct ArmValues {
  int64_t n = 0;
  double sum = 0;
  double squares = 0;

  double Mean() const { return n > 0 ? sum / static_cast<double>(n) : 0; }
};

// What is measured.
struct ArmMeasure {
  // As in "acceptance".
  std::string name;
  // As in "points"; empty for a proportion. Follows numbers in sentences.
  std::string unit;
  // The range of a value; equal ends if it has no bounds.
  double low = 0;
  double high = 0;
  // Differences below this do not matter. 0: all do.
  double margin = 0;
};

enum class ArmVerdict { kKeepGoing, kBetter, kWorse, kNoDifference };

// The result for one arm against the baseline.
struct ArmDifference {
  // The arm's mean minus the baseline's.
  double mean = 0;
  // The always-valid interval. Absent with fewer than kMinArmUnits units in either arm.
  std::optional<double> low;
  std::optional<double> high;
  ArmVerdict verdict = ArmVerdict::kKeepGoing;
  // One sentence.
  std::string decision;
};

// No decision is made from fewer units per arm: the theory is asymptotic. The simulation of
// arm_comparison_test.cc measures false decisions with it.
inline constexpr int64_t kMinArmUnits = 20;

// Compares the arm `model` with `baseline`. A pure function.
//
// The interval is the difference of means -+ AlwaysValidRadius() standard errors. With assignment
// at random this is the sequence of the cited paper for the influence function of the difference of
// means, so it holds however often it is looked at, at level 1 - alpha. Its time is the information
// 4 n_a n_b / (n_a + n_b), which is n_a + n_b for arms of equal size. The variance is protected
// against small arms, whose own estimate is often too low by chance:
//   - the standard error is the larger one of sqrt(s_a^2 / n_a + s_b^2 / n_b) and that of the
//   pooled
//     variance (without it, 8 % of tests of equal arms with weights of 10 and 90 decide falsely);
//   - the variance of a bounded measure counts one more value at each bound.
//
// Decisions: kBetter or kWorse if the interval excludes 0; kNoDifference if it is within the
// margin; otherwise kKeepGoing.
ArmDifference CompareArm(const std::string& model, const ArmValues& arm,
                         const std::string& baseline_model, const ArmValues& baseline,
                         const ArmMeasure& measure, double alpha);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_ARM_COMPARISON_H_
