// Conversion of plans to and from JSON, for the run store and for a plan's identity.
#ifndef ASSAY_EVALUATOR_PLAN_PLAN_JSON_H_
#define ASSAY_EVALUATOR_PLAN_PLAN_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Returns every field of the plan as JSON. Invalid UTF-8 becomes U+FFFD. Numbers must be finite.
std::string PlanToJson(const EvaluationPlan& plan);

// Returns DATA_LOSS with the offending field and its problem. Fields that a plan of an older
// version lacks have their default values.
absl::StatusOr<EvaluationPlan> PlanFromJson(std::string_view text);

// Returns the SHA-256, in hexadecimal, of everything that determines the results: all fields except
// the name and the order's seed.
std::string PlanSha256(EvaluationPlan plan);

// Returns the SHA-256, in hexadecimal, of everything besides the model that determines the results
// of one content type: its prompts in any order, the plan's sampling without the seed, and the
// plan's length limit. Results with equal fingerprints are comparable.
std::string WorkloadFingerprint(const EvaluationPlan& plan, std::string_view content_type);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PLAN_PLAN_JSON_H_
