// Conversion of tracked runs to and from JSON, for the run store's outbox.
#ifndef ASSAY_EVALUATOR_RECORDS_TRACKING_JSON_H_
#define ASSAY_EVALUATOR_RECORDS_TRACKING_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "evaluator/records/tracking.h"

namespace assay::evaluator {

// Returns the run as JSON. Invalid UTF-8 becomes U+FFFD. Numbers must be finite.
std::string TrackedRunToJson(const TrackedRun& run);

// Returns DATA_LOSS with the offending field and its problem. Fields that older versions did not
// write stay empty.
absl::StatusOr<TrackedRun> TrackedRunFromJson(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_TRACKING_JSON_H_
