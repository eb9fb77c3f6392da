// Isotonic regression: the best increasing function.
#ifndef ASSAY_EVALUATOR_STATS_ISOTONIC_H_
#define ASSAY_EVALUATOR_STATS_ISOTONIC_H_

#include <span>
#include <vector>

namespace assay::evaluator {

// A range of x whose fitted value is constant.
struct IsotonicBlock {
  double low = 0;
  double high = 0;
  double value = 0;
  // The number of points.
  double weight = 0;
};

// The non-decreasing function with the least squared error, fitted by pooling adjacent violators
// (Ayer, Brunk, Ewing, Reid and Silverman, Annals of Mathematical Statistics 26, 1955). Points of
// equal x are averaged first, as scikit-learn's IsotonicRegression does. Immutable; thread-safe.
class IsotonicFit {
 public:
  // `x` and `y` must have the same length, at least 1, and be finite. Takes n log n.
  IsotonicFit(std::span<const double> x, std::span<const double> y);

  // Returns the fitted value; between blocks it is interpolated linearly, and beyond the first and
  // last block it is theirs.
  double operator()(double x) const;

  // The blocks in ascending order.
  const std::vector<IsotonicBlock>& blocks() const { return blocks_; }

 private:
  std::vector<IsotonicBlock> blocks_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_ISOTONIC_H_
