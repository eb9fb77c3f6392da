// Implementation of the cluster-robust standard error.
#include "evaluator/stats/clustered.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <map>

#include "evaluator/stats/moments.h"

namespace assay::evaluator {

ClusteredMean MeanOfClusters(std::span<const double> values, std::span<const int> clusters,
                             double confidence) {
  const Moments moments = MomentsOf(values);
  std::map<int, double> deviations;
  for (size_t i = 0; i < values.size(); ++i) deviations[clusters[i]] += values[i] - moments.mean;
  ClusteredMean result{.mean = moments.mean, .clusters = static_cast<int>(deviations.size())};
  if (result.clusters < 2) return result;
  result.ci_low = result.ci_high = moments.mean;
  if (moments.standard_deviation == 0) return result;
  double squares = 0;
  const int exponent = BinaryExponent(moments.standard_deviation);
  for (const auto& [cluster, sum] : deviations) {
    const double scaled = std::scalbn(sum, -exponent);
    squares += scaled * scaled;
  }
  const auto count = static_cast<double>(result.clusters);
  result.standard_error = std::scalbn(std::sqrt(count / (count - 1) * squares), exponent) /
                          static_cast<double>(values.size());
  const double t = boost::math::quantile(boost::math::students_t(count - 1), (1 + confidence) / 2);
  result.ci_low = result.mean - t * result.standard_error;
  result.ci_high = result.mean + t * result.standard_error;
  return result;
}

}  // namespace assay::evaluator
