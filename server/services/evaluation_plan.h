// EvaluateRequest as an evaluator's plan.
#ifndef ASSAY_SERVER_SERVICES_EVALUATION_PLAN_H_
#define ASSAY_SERVER_SERVICES_EVALUATION_PLAN_H_

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"

namespace assay::server {

// What fills in for what a request leaves open.
struct PlanDefaults {
  const EvaluationConfig& evaluation;
  const LimitsConfig& limits;
};

// INVALID_ARGUMENT names the field; NOT_FOUND an unknown model or `replay_of`. What the runner
// checks (ValidatePlan) is left to it, but for what no request may have (limits.max_prompt_bytes).
absl::StatusOr<evaluator::EvaluationPlan> ToPlan(const assay::v1::EvaluateRequest& request,
                                                 const registry::Manager& manager,
                                                 evaluator::RunStore* store,
                                                 const PlanDefaults& defaults);

evaluator::Correction FromProto(assay::v1::Correction correction);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EVALUATION_PLAN_H_
