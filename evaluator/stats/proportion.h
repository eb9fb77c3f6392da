// Confidence intervals of proportions.
#ifndef ASSAY_EVALUATOR_STATS_PROPORTION_H_
#define ASSAY_EVALUATOR_STATS_PROPORTION_H_

#include <cstdint>

namespace assay::evaluator {

struct ProportionInterval {
  double low = 0;
  double high = 1;
};

// Returns Wilson's score interval (JASA 22, 1927) without continuity correction; [0, 1] for no
// trials. `successes` may be a sum of fractions from 0 to 1, one per trial; the interval is then
// conservative, because such a sum varies less than one of zeros and ones.
ProportionInterval WilsonInterval(double successes, int64_t trials, double confidence);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_PROPORTION_H_
