// Renders recorded evaluations as documents and checks gates on them.
#include "evaluator/report/recorded_reports.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "evaluator/analysis/compare.h"
#include "evaluator/analysis/gate_attempts.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/economics/deployment_report.h"
#include "evaluator/economics/economics_report.h"
#include "evaluator/report/exports.h"
#include "evaluator/report/report.h"

namespace assay::evaluator {
namespace {

// An evaluation with everything that the store has of it.
struct Recorded {
  Evaluation evaluation;
  EvaluationPlan plan;
  std::vector<Sample> samples;
  std::vector<TaskAnswer> answers;
  std::vector<Rating> ratings;
  std::vector<Judgment> judgments;
};

// `judgments` may be null.
absl::StatusOr<Recorded> Read(RunStore* store, JudgmentStore* judgments, const std::string& id) {
  Recorded recorded;
  ASSIGN_OR_RETURN(Evaluation evaluation, store->Get(id));
  recorded.evaluation = std::move(evaluation);
  ASSIGN_OR_RETURN(EvaluationPlan plan, store->Plan(id));
  recorded.plan = std::move(plan);
  recorded.evaluation.order_seed = recorded.plan.order_seed;
  ASSIGN_OR_RETURN(std::vector<Sample> samples, store->Samples(id));
  recorded.samples = std::move(samples);
  ASSIGN_OR_RETURN(std::vector<TaskAnswer> answers, store->Answers(id));
  recorded.answers = std::move(answers);
  ASSIGN_OR_RETURN(recorded.ratings, store->Ratings(id));
  if (judgments != nullptr) {
    ASSIGN_OR_RETURN(recorded.judgments, judgments->Judgments(id));
  }
  return recorded;
}

// Returns the outcomes of a candidate's answers in use on the plan's content types. A candidate
// with settings of its own has none: its model answers with other settings in use.
ObservedOutcomes OutcomesOf(const Recorded& recorded, const Candidate& candidate,
                            FeedbackStore* feedback) {
  if (feedback == nullptr || candidate.name != candidate.model) return {};
  std::set<std::string> types;
  for (const EvaluationPrompt& prompt : recorded.plan.prompts) types.insert(prompt.content_type);
  const std::vector<std::string> list(types.begin(), types.end());
  // A report does not fail because feedback cannot be read; its figures are then assumed.
  return feedback->Outcomes(candidate.model, list).value_or(ObservedOutcomes{});
}

std::vector<ReportFigure> FiguresOf(const Recorded& recorded, const EconomicsInputs& inputs,
                                    FeedbackStore* feedback) {
  std::vector<ReportFigure> figures;
  for (const Candidate& candidate : recorded.plan.models) {
    std::vector<const Sample*> good;
    for (const Sample* sample : SamplesOf(recorded.samples, candidate.name, "")) {
      if (sample->error.empty()) good.push_back(sample);
    }
    CandidateUsage use = SumUsage(inputs, good);
    use.candidate = candidate.name;
    use.observed = OutcomesOf(recorded, candidate, feedback);
    for (Figure& figure : EconomicsReport(inputs, use)) {
      figures.push_back({.candidate = candidate.name, .figure = std::move(figure)});
    }
  }
  const std::vector<DeployedModel> deployed =
      DeployedModels(recorded.plan, recorded.evaluation.summaries);
  for (Figure& figure : DeploymentReport(inputs, deployed)) {
    figures.push_back({.candidate = "", .figure = std::move(figure)});
  }
  return figures;
}

std::string Render(const Recorded& recorded, const EconomicsInputs& economics,
                   FeedbackStore* feedback, ReportFormat format) {
  const ReportInput input{
      .evaluation = recorded.evaluation,
      .plan = recorded.plan,
      .samples = recorded.samples,
      .answers = recorded.answers,
      .economics = FiguresOf(recorded, recorded.plan.economics.value_or(economics), feedback),
      .ratings = recorded.ratings,
      .judgments = recorded.judgments,
      .acceptable_score = recorded.plan.economics.value_or(economics).acceptance_threshold};
  switch (format) {
    case ReportFormat::kMarkdown:
      return MarkdownReport(input);
    case ReportFormat::kHtml:
      return HtmlReport(input);
    case ReportFormat::kJson:
      return ResultsJson(input);
    case ReportFormat::kJsonl:
      return SamplesJsonl(input);
    case ReportFormat::kCsv:
      return SamplesCsv(input);
    case ReportFormat::kLmEval:
      return LmEvalResultsJson(input);
    case ReportFormat::kJudgments:
      return JudgmentsExport(input);
  }
  return "";
}

}  // namespace

absl::StatusOr<std::string> RecordedReports::Make(const std::string& id,
                                                  ReportFormat format) const {
  ASSIGN_OR_RETURN(Recorded recorded, Read(store_, judgments_, id));
  return Render(recorded, economics_, feedback_, format);
}

absl::StatusOr<std::string> RecordedReports::MakeForTracking(const std::string& id,
                                                             ReportFormat format,
                                                             std::string_view model) const {
  ASSIGN_OR_RETURN(Recorded recorded, Read(store_, judgments_, id));
  recorded.evaluation.runs.clear();
  if (!model.empty()) {
    // Ratings compare models. The summary of judgments needs all of them.
    if (format != ReportFormat::kJudgments) recorded.ratings.clear();
    std::erase_if(recorded.samples,
                  [model](const Sample& sample) { return sample.model != model; });
  }
  return Render(recorded, economics_, feedback_, format);
}

absl::StatusOr<GateResult> RecordedReports::Check(const std::string& id,
                                                  std::string_view text) const {
  ASSIGN_OR_RETURN(Gate gate, Gate::Parse(text));
  if (id.empty()) return GateResult{.outcome = GateOutcome::kPass};
  ASSIGN_OR_RETURN(Recorded recorded, Read(store_, nullptr, id));
  if (recorded.evaluation.state == EvaluationState::kRunning) {
    return absl::FailedPreconditionError(
        absl::StrCat("evaluation '", id, "' still runs; wait for its end"));
  }
  const auto merge = [&](const ComparedSide& baseline, const std::string& candidate) {
    return MergeRuns(store_, baseline, {.evaluation_id = id, .model = candidate},
                     recorded.plan.failures);
  };
  ASSIGN_OR_RETURN(GateResult result, gate.Check(recorded.evaluation, recorded.plan,
                                                 recorded.samples, recorded.answers, merge));
  RETURN_IF_ERROR(CountAttempt(store_, gate, recorded.plan, id, &result));
  return result;
}

}  // namespace assay::evaluator
