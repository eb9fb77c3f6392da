// The comparison of two arms of a weighted route.
#include "registry/routing/arm_comparison.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "registry/routing/always_valid.h"

namespace assay::registry {
namespace {

// The number of units, of both arms, at which decisions take the fewest units: an A/B test that can
// show a difference of 0.1 in acceptance needs about this many.
constexpr double kTightestAt = 500;

// Returns the variance of the arm's values.
double Variance(const ArmValues& values, const ArmMeasure& measure) {
  auto n = static_cast<double>(values.n);
  double sum = values.sum;
  double squares = values.squares;
  if (measure.high > measure.low) {
    n += 2;
    sum += measure.low + measure.high;
    squares += measure.low * measure.low + measure.high * measure.high;
  }
  return std::max(0.0, (squares - sum * sum / n) / (n - 1));
}

double StandardError(const ArmValues& a, const ArmValues& b, const ArmMeasure& measure) {
  const ArmValues all = {.n = a.n + b.n, .sum = a.sum + b.sum, .squares = a.squares + b.squares};
  const double per_a = 1 / static_cast<double>(a.n);
  const double per_b = 1 / static_cast<double>(b.n);
  return std::sqrt(std::max(Variance(a, measure) * per_a + Variance(b, measure) * per_b,
                            Variance(all, measure) * (per_a + per_b)));
}

std::string Amount(double value, const ArmMeasure& measure) {
  const std::string number = absl::StrFormat("%.3g", value);
  return measure.unit.empty() ? number : absl::StrCat(number, " ", measure.unit);
}

std::string TooFew(const std::string& model, const ArmValues& arm,
                   const std::string& baseline_model, const ArmValues& baseline,
                   const ArmMeasure& measure) {
  return absl::StrCat("keep going: ", measure.name, " has ", arm.n, " units for '", model, "' and ",
                      baseline.n, " for '", baseline_model, "'; a decision needs ", kMinArmUnits,
                      " each");
}

}  // namespace

ArmDifference CompareArm(const std::string& model, const ArmValues& arm,
                         const std::string& baseline_model, const ArmValues& baseline,
                         const ArmMeasure& measure, double alpha) {
  ArmDifference result{.mean = arm.Mean() - baseline.Mean()};
  if (arm.n < kMinArmUnits || baseline.n < kMinArmUnits) {
    result.decision = TooFew(model, arm, baseline_model, baseline, measure);
    return result;
  }
  const double error = StandardError(arm, baseline, measure);
  const auto of_arm = static_cast<double>(arm.n);
  const auto of_baseline = static_cast<double>(baseline.n);
  const double information = 4 * of_arm * of_baseline / (of_arm + of_baseline);
  const double radius = AlwaysValidRadius(information, alpha, kTightestAt) * error;
  result.low = result.mean - radius;
  result.high = result.mean + radius;
  const std::string range = absl::StrCat("(", absl::StrFormat("%.3g", *result.low), " to ",
                                         Amount(*result.high, measure), ")");
  // Without any variation there is no evidence either way.
  if (error > 0 && (*result.low > 0 || *result.high < 0)) {
    const bool better = *result.low > 0;
    result.verdict = better ? ArmVerdict::kBetter : ArmVerdict::kWorse;
    result.decision = absl::StrCat("'", model, "' is ", better ? "better" : "worse", " than '",
                                   baseline_model, "' by ", Amount(std::abs(result.mean), measure),
                                   " in ", measure.name, " ", range);
  } else if (error > 0 && measure.margin > 0 && *result.low > -measure.margin &&
             *result.high < measure.margin) {
    result.verdict = ArmVerdict::kNoDifference;
    result.decision =
        absl::StrCat("no difference larger than ", Amount(measure.margin, measure), " in ",
                     measure.name, " between '", model, "' and '", baseline_model, "' ", range);
  } else {
    result.decision =
        absl::StrCat("keep going: '", model, "' differs from '", baseline_model, "' in ",
                     measure.name, " by ", Amount(result.mean, measure), " ", range);
  }
  return result;
}

}  // namespace assay::registry
