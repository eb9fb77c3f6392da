// Bootstrap intervals.
#ifndef ASSAY_EVALUATOR_STATS_BOOTSTRAP_H_
#define ASSAY_EVALUATOR_STATS_BOOTSTRAP_H_

#include <span>
#include <vector>

namespace assay::evaluator {

inline constexpr int kResamples = 10'000;

struct BootstrapInterval {
  double low = 0;
  double high = 0;
  // False: the percentile interval, where the bias correction or the acceleration is not finite.
  bool bca = true;
};

// The bias-corrected and accelerated interval (Efron, JASA 82, 1987) from replicates of a
// statistic, its observed value, and its values with one unit left out each. Quantiles by linear
// interpolation; ties of replicates with the observed value count half, as in SciPy's
// bootstrap(method="BCa").
BootstrapInterval BcaInterval(double observed, std::vector<double> replicates,
                              std::span<const double> left_out, double confidence);

// Of the mean of independent values: kResamples resamples, always the same for the same number of
// values. Where all values are equal it is that value.
BootstrapInterval BootstrapMean(std::span<const double> values, double confidence);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_BOOTSTRAP_H_
