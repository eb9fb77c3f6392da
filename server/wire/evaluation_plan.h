// Converts an EvaluateRequest to an evaluation plan.
#ifndef ASSAY_SERVER_WIRE_EVALUATION_PLAN_H_
#define ASSAY_SERVER_WIRE_EVALUATION_PLAN_H_

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"

namespace assay::server {

// The server's settings, used for fields that a request does not set.
struct PlanDefaults {
  const EvaluationConfig& evaluation;
  const LimitsConfig& limits;
  // RoutingConfig::refuse_unknown.
  bool refuse_unknown = true;
};

// INVALID_ARGUMENT names the field; an unknown content type of a prompt is one of the reasons.
// NOT_FOUND names an unknown model or `replay_of`. The runner
// validates the plan (ValidatePlan); only limits.max_prompt_bytes is checked here.
absl::StatusOr<evaluator::EvaluationPlan> ToPlan(const assay::v1::EvaluateRequest& request,
                                                 const registry::Manager& manager,
                                                 evaluator::RunStore* store,
                                                 const PlanDefaults& defaults);

evaluator::Correction FromProto(assay::v1::Correction correction);
evaluator::FailurePolicy FromProto(assay::v1::FailurePolicy policy);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_EVALUATION_PLAN_H_
