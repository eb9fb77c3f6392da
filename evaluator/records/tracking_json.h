// Tracked runs as JSON, for the run store's outbox.
#ifndef ASSAY_EVALUATOR_RECORDS_TRACKING_JSON_H_
#define ASSAY_EVALUATOR_RECORDS_TRACKING_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "evaluator/records/tracking.h"

namespace assay::evaluator {

// Invalid UTF-8 becomes U+FFFD; numbers must be finite.
std::string TrackedRunToJson(const TrackedRun& run);

// DATA_LOSS names the field and what is wrong with it. What older versions did not write is empty.
absl::StatusOr<TrackedRun> TrackedRunFromJson(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_TRACKING_JSON_H_
