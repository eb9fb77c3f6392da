// Renders recorded evaluations as documents and checks gates on them.
#include "server/services/evaluation_reports.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/economics/deployment_report.h"
#include "evaluator/economics/economics_report.h"
#include "evaluator/report/exports.h"
#include "evaluator/report/report.h"

namespace assay::server {
namespace {

using evaluator::ReportFigure;
using evaluator::ReportInput;

// An evaluation with everything that the store has of it.
struct Recorded {
  evaluator::Evaluation evaluation;
  evaluator::EvaluationPlan plan;
  std::vector<evaluator::Sample> samples;
  std::vector<evaluator::TaskAnswer> answers;
};

absl::StatusOr<Recorded> Read(evaluator::RunStore* store, const std::string& id) {
  Recorded recorded;
  ASSIGN_OR_RETURN(evaluator::Evaluation evaluation, store->Get(id));
  recorded.evaluation = std::move(evaluation);
  ASSIGN_OR_RETURN(evaluator::EvaluationPlan plan, store->Plan(id));
  recorded.plan = std::move(plan);
  recorded.evaluation.order_seed = recorded.plan.order_seed;
  ASSIGN_OR_RETURN(std::vector<evaluator::Sample> samples, store->Samples(id));
  recorded.samples = std::move(samples);
  ASSIGN_OR_RETURN(std::vector<evaluator::TaskAnswer> answers, store->Answers(id));
  recorded.answers = std::move(answers);
  return recorded;
}

std::vector<ReportFigure> FiguresOf(const Recorded& recorded,
                                    const evaluator::EconomicsInputs& inputs) {
  std::vector<ReportFigure> figures;
  for (const evaluator::Candidate& candidate : recorded.plan.models) {
    std::vector<const evaluator::Sample*> good;
    for (const evaluator::Sample* sample :
         evaluator::SamplesOf(recorded.samples, candidate.name, "")) {
      if (sample->error.empty()) good.push_back(sample);
    }
    evaluator::CandidateUsage use = evaluator::SumUsage(inputs, good);
    use.candidate = candidate.name;
    for (evaluator::Figure& figure : evaluator::EconomicsReport(inputs, use)) {
      figures.push_back({.candidate = candidate.name, .figure = std::move(figure)});
    }
  }
  const std::vector<evaluator::DeployedModel> deployed =
      evaluator::DeployedModels(recorded.plan, recorded.evaluation.summaries);
  for (evaluator::Figure& figure : evaluator::DeploymentReport(inputs, deployed)) {
    figures.push_back({.candidate = "", .figure = std::move(figure)});
  }
  return figures;
}

absl::StatusOr<std::string> Render(const Recorded& recorded,
                                   const evaluator::EconomicsInputs& economics,
                                   assay::v1::ReportFormat format) {
  const ReportInput input{
      .evaluation = recorded.evaluation,
      .plan = recorded.plan,
      .samples = recorded.samples,
      .answers = recorded.answers,
      .economics = FiguresOf(recorded, recorded.plan.economics.value_or(economics))};
  switch (format) {
    case assay::v1::REPORT_FORMAT_UNSPECIFIED:
    case assay::v1::REPORT_FORMAT_MARKDOWN:
      return evaluator::MarkdownReport(input);
    case assay::v1::REPORT_FORMAT_HTML:
      return evaluator::HtmlReport(input);
    case assay::v1::REPORT_FORMAT_JSON:
      return evaluator::ResultsJson(input);
    case assay::v1::REPORT_FORMAT_JSONL:
      return evaluator::SamplesJsonl(input);
    case assay::v1::REPORT_FORMAT_CSV:
      return evaluator::SamplesCsv(input);
    case assay::v1::REPORT_FORMAT_LM_EVAL:
      return evaluator::LmEvalResultsJson(input);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("format: ", static_cast<int>(format), " is not a value of ReportFormat"));
  }
}

}  // namespace

absl::StatusOr<std::string> EvaluationReports::Make(const std::string& id,
                                                    assay::v1::ReportFormat format) const {
  ASSIGN_OR_RETURN(const Recorded recorded, Read(store_, id));
  return Render(recorded, economics_, format);
}

absl::StatusOr<std::string> EvaluationReports::MakeForTracking(const std::string& id,
                                                               assay::v1::ReportFormat format,
                                                               std::string_view model) const {
  ASSIGN_OR_RETURN(Recorded recorded, Read(store_, id));
  recorded.evaluation.runs.clear();
  if (!model.empty()) {
    std::erase_if(recorded.samples,
                  [model](const evaluator::Sample& sample) { return sample.model != model; });
  }
  return Render(recorded, economics_, format);
}

absl::StatusOr<evaluator::GateResult> EvaluationReports::Check(const std::string& id,
                                                               std::string_view text) const {
  ASSIGN_OR_RETURN(evaluator::Gate gate, evaluator::Gate::Parse(text));
  if (id.empty()) return evaluator::GateResult{.passed = true};
  ASSIGN_OR_RETURN(Recorded recorded, Read(store_, id));
  if (recorded.evaluation.state == evaluator::EvaluationState::kRunning) {
    return absl::FailedPreconditionError(
        absl::StrCat("evaluation '", id, "' still runs; wait for its end"));
  }
  return gate.Check(recorded.evaluation, recorded.plan, recorded.samples, recorded.answers);
}

}  // namespace assay::server
