// Bootstrap confidence intervals.
#ifndef ASSAY_EVALUATOR_STATS_BOOTSTRAP_H_
#define ASSAY_EVALUATOR_STATS_BOOTSTRAP_H_

#include <span>
#include <vector>

namespace assay::evaluator {

struct BootstrapInterval {
  double low = 0;
  double high = 0;
  // True for a BCa interval. False for the percentile interval, which is used where the bias
  // correction or the acceleration is not finite.
  bool bca = true;
};

// Computes the bias-corrected and accelerated (BCa) interval (Efron, "Better Bootstrap Confidence
// Intervals", JASA 82, 1987). `replicates` are the bootstrap replicates of a statistic, `observed`
// is its observed value, and `jackknife` holds its values with one unit left out each. Quantiles
// are linearly interpolated. Replicates equal to the observed value count half below it, as in
// SciPy's bootstrap(method="BCa").
BootstrapInterval BcaInterval(double observed, std::vector<double> replicates,
                              std::span<const double> jackknife, double confidence);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_BOOTSTRAP_H_
