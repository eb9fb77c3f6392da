// Generates the artifacts that are uploaded with a run.
#include "server/mlflow/run_artifacts.h"

#include <array>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "assay/v1/evaluation.pb.h"
#include "base/status_macros.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/tracking/tracked_run.h"

namespace assay::server {
namespace {

struct Form {
  std::string_view name;
  assay::v1::ReportFormat format;
};
constexpr std::array kForms = {
    Form{evaluator::kReportHtml, assay::v1::REPORT_FORMAT_HTML},
    Form{evaluator::kReportMarkdown, assay::v1::REPORT_FORMAT_MARKDOWN},
    Form{evaluator::kResultsJson, assay::v1::REPORT_FORMAT_JSON},
    Form{evaluator::kSamplesJsonl, assay::v1::REPORT_FORMAT_JSONL},
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
