// Plans as JSON: for the run store and for a plan's identity.
#ifndef ASSAY_EVALUATOR_PLAN_PLAN_JSON_H_
#define ASSAY_EVALUATOR_PLAN_PLAN_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Every field. Invalid UTF-8 becomes U+FFFD; numbers must be finite.
std::string PlanToJson(const EvaluationPlan& plan);

// DATA_LOSS names the field and what is wrong with it. Fields that a plan of an older version lacks
// take their defaults.
absl::StatusOr<EvaluationPlan> PlanFromJson(std::string_view text);

// SHA-256, hexadecimal, of what decides the results: all but the name and the order's seed.
std::string PlanSha256(EvaluationPlan plan);

// SHA-256 of what decides a result beside the model, hexadecimal: the prompts of one content type
// in whatever order, the plan's sampling (but for its seed) and its length limit.
std::string TypeFingerprint(const EvaluationPlan& plan, std::string_view content_type);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PLAN_PLAN_JSON_H_
