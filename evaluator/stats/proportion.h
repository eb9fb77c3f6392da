// Shares of successes.
#ifndef ASSAY_EVALUATOR_STATS_PROPORTION_H_
#define ASSAY_EVALUATOR_STATS_PROPORTION_H_

#include <cstdint>

namespace assay::evaluator {

struct ShareInterval {
  double low = 0;
  double high = 1;
};

// Wilson's score interval (JASA 22, 1927), without continuity correction. [0, 1] for no trials.
ShareInterval WilsonInterval(int64_t successes, int64_t trials, double confidence);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_PROPORTION_H_
