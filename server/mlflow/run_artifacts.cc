// Generates the artifacts that are uploaded with a run.
#include "server/mlflow/run_artifacts.h"

#include <array>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/tracking/tracked_judgments.h"
#include "evaluator/tracking/tracked_run.h"

namespace assay::server {
namespace {

struct Form {
  std::string_view name;
  evaluator::ReportFormat format;
};
constexpr std::array kForms = {
    Form{evaluator::kReportHtml, evaluator::ReportFormat::kHtml},
    Form{evaluator::kReportMarkdown, evaluator::ReportFormat::kMarkdown},
    Form{evaluator::kResultsJson, evaluator::ReportFormat::kJson},
    Form{evaluator::kSamplesJsonl, evaluator::ReportFormat::kJsonl},
    Form{evaluator::kJudgmentsJson, evaluator::ReportFormat::kJudgments},
};

}  // namespace

absl::StatusOr<std::string> RunArtifacts::Make(const evaluator::TrackedRun& run,
                                               const std::string& name) const {
  if (name == evaluator::kPlanJson) {
    ASSIGN_OR_RETURN(const evaluator::EvaluationPlan plan, store_->Plan(run.evaluation_id));
    return evaluator::PlanToJson(plan);
  }
  for (const Form& form : kForms) {
    if (form.name == name) {
      return reports_.MakeForTracking(run.evaluation_id, form.format, run.model);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no artifact '", name, "'"));
}

}  // namespace assay::server
