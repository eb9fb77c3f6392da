// Implementation of the test of a mean.
#include "evaluator/stats/mean_test.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

#include "evaluator/stats/clustered.h"
#include "evaluator/stats/moments.h"
#include "evaluator/stats/sign_flip.h"

namespace assay::evaluator {
namespace {

// A smaller skewness changes nothing in double precision, but would divide by 0.
constexpr double kNegligibleSkewness = 1e-6;

struct Interval {
  double low = 0;
  double high = 0;
};

struct TTest {
  double p_value = 0;
  Interval interval;
};

double TwoSidedT(double t, double freedom) {
  const boost::math::students_t student(freedom);
  return std::min(1.0, 2 * boost::math::cdf(boost::math::complement(student, std::abs(t))));
}

double CriticalT(double alpha, double freedom) {
  return boost::math::quantile(
      boost::math::complement(boost::math::students_t(freedom), alpha / 2));
}

// Hall's transformation of S = (mean - m) / s of n values with skewness g (s and g with the
// denominator n): S + g S^2 / 3 + g^2 S^3 / 27 + g / (6 n), which is monotone.
class SkewnessTransformation {
 public:
  SkewnessTransformation(double skewness, double n) : skewness_(skewness), n_(n) {}

  double Forward(double s) const {
    return s + skewness_ * s * s / 3 + skewness_ * skewness_ * s * s * s / 27 +
           skewness_ / (6 * n_);
  }
  double Inverse(double transformed) const {
    const double q = transformed - skewness_ / (6 * n_);
    if (std::abs(skewness_) < kNegligibleSkewness) return q;
    return 3 * (std::cbrt(1 + skewness_ * q) - 1) / skewness_;
  }

 private:
  double skewness_;
  double n_;
};

TTest SkewnessAdjustedT(std::span<const double> values, double alpha) {
  const Moments moments = MomentsOf(values);
  const auto n = static_cast<double>(values.size());
  if (moments.standard_deviation == 0) return {0, {moments.mean, moments.mean}};
  const double deviation = moments.standard_deviation * std::sqrt((n - 1) / n);
  double cubes = 0;
  for (const double value : values) {
    const double z = (value - moments.mean) / deviation;
    cubes += z * z * z;
  }
  const SkewnessTransformation hall(cubes / n, n);
  const double root = std::sqrt(n - 1);
  const double critical = CriticalT(alpha, n - 1) / root;
  return {TwoSidedT(root * hall.Forward(moments.mean / deviation), n - 1),
          {moments.mean - deviation * hall.Inverse(critical),
           moments.mean - deviation * hall.Inverse(-critical)}};
}

TTest ClusteredT(std::span<const double> values, std::span<const int> clusters, double alpha) {
  const ClusteredMean mean = MeanOfClusters(values, clusters, 1 - alpha);
  if (mean.standard_error == 0) return {0, {mean.mean, mean.mean}};
  return {TwoSidedT(mean.mean / mean.standard_error, mean.degrees_of_freedom),
          {mean.ci_low.value_or(mean.mean), mean.ci_high.value_or(mean.mean)}};
}

// The sums and numbers of values of the clusters.
struct Units {
  std::vector<double> sums;
  std::vector<double> sizes;
};

Units UnitsOf(std::span<const double> values, std::span<const int> clusters) {
  std::map<int, size_t> positions;
  Units units;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto [at, added] = positions.try_emplace(clusters[i], units.sums.size());
    if (added) {
      units.sums.push_back(0);
      units.sizes.push_back(0);
    }
    units.sums[at->second] += values[i];
    ++units.sizes[at->second];
  }
  return units;
}

}  // namespace

MeanTest TestMean(std::span<const double> values, std::span<const int> clusters, double alpha) {
  MeanTest result{.mean = MomentsOf(values).mean};
  const Units units = UnitsOf(values, clusters);
  const SignFlip flip = SignFlipTest(units.sums, units.sizes, alpha);
  result.exact = flip.exact;
  result.p_value = flip.p_value;
  result.ci_low = flip.ci_low;
  result.ci_high = flip.ci_high;
  if (units.sums.empty()) return result;
  const bool one_size = std::all_of(units.sizes.begin(), units.sizes.end(),
                                    [&](double size) { return size == units.sizes.front(); });
  TTest student;
  if (one_size) {
    std::vector<double> means;
    means.reserve(units.sums.size());
    for (const double sum : units.sums) means.push_back(sum / units.sizes.front());
    student = SkewnessAdjustedT(means, alpha);
  } else {
    student = ClusteredT(values, clusters, alpha);
  }
  // If all values are 0 the sign-flip test does not reject, and its p-value is 1.
  result.p_value = std::max(flip.p_value, student.p_value);
  result.ci_low = std::min(flip.ci_low, student.interval.low);
  result.ci_high = std::max(flip.ci_high, student.interval.high);
  return result;
}

double StudentTTest(std::span<const double> values) {
  const Moments moments = MomentsOf(values);
  if (moments.n < 2 || moments.standard_deviation == 0) return 1;
  const auto n = static_cast<double>(moments.n);
  return TwoSidedT(moments.mean / (moments.standard_deviation / std::sqrt(n)), n - 1);
}

}  // namespace assay::evaluator
