// The parts of the summary of ratings. Private to this folder.
#ifndef ASSAY_EVALUATOR_RATERS_RATING_PARTS_H_
#define ASSAY_EVALUATOR_RATERS_RATING_PARTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "evaluator/raters/rating_summary.h"
#include "evaluator/stats/unit_bootstrap.h"

namespace assay::evaluator {

// Identifies a sample in maps. Prompts are compared first, so that their samples are neighbors.
std::string TextOf(const SampleId& sample);

// Returns the value of a statistic of `units` units with its bootstrap interval.
RatedStatistic WithInterval(double value, size_t units, const UnitStatistic& statistic);

// Returns the agreement on scores or preferences, or nullopt if there are no such ratings.
std::optional<RaterAgreement> AgreementOf(const std::vector<const Rating*>& ratings,
                                          const std::string& content_type, bool pairwise);

// Returns the calibration on samples that have a score. `ratings` are of these samples.
ScoreCalibration CalibrationOf(const std::vector<const Sample*>& samples,
                               const std::vector<const Rating*>& ratings,
                               const std::string& content_type);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RATERS_RATING_PARTS_H_
