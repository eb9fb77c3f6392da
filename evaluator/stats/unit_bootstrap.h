// Bootstrap intervals of any statistic of independent units.
#ifndef ASSAY_EVALUATOR_STATS_UNIT_BOOTSTRAP_H_
#define ASSAY_EVALUATOR_STATS_UNIT_BOOTSTRAP_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include "evaluator/stats/bootstrap.h"

namespace assay::evaluator {

// Returns the value of a statistic for these units; a unit may occur several times. Absent if it is
// undefined.
using UnitStatistic = std::function<std::optional<double>(std::span<const size_t> units)>;

// Returns the BCa interval of `statistic` over `units` independent units (0 to units - 1), from
// `resamples` resamples with a fixed random seed. Resamples without a value are left out. Absent
// with fewer than three units, or if the statistic is undefined for all units or for more than half
// of the resamples. Calls the statistic resamples + units + 1 times.
std::optional<BootstrapInterval> BootstrapUnits(size_t units, const UnitStatistic& statistic,
                                                double confidence, int resamples = 2000);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_UNIT_BOOTSTRAP_H_
