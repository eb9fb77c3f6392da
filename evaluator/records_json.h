// Records as JSON, for the run store's columns.
#ifndef ASSAY_EVALUATOR_RECORDS_JSON_H_
#define ASSAY_EVALUATOR_RECORDS_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/evaluation.h"
#include "evaluator/run_store.h"

namespace assay::evaluator {

// Invalid UTF-8 becomes U+FFFD. Values that are not finite must not come in: JSON has none.
std::string PlanToJson(const EvaluationPlan& plan);
std::string SummariesToJson(const std::vector<Summary>& summaries);
std::string TrackedRunToJson(const TrackedRun& run);

// DATA_LOSS names the field and what is wrong with it.
absl::StatusOr<std::vector<Summary>> SummariesFromJson(std::string_view text);
absl::StatusOr<TrackedRun> TrackedRunFromJson(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_JSON_H_
