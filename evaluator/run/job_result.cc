// The result of a job.
#include "evaluator/run/job_result.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/analysis.h"
#include "evaluator/economics/evaluation_cost.h"

namespace assay::evaluator {

void SetResult(const RunContext& context, const std::vector<PreparedModel>& models,
               const JobEnd& end, Evaluation* evaluation) {
  const std::vector<Sample>& samples = context.samples;
  const std::vector<TaskAnswer>& answers = context.answers;
  evaluation->summaries = SummarizeAll(context.plan, models, samples, context.economics);
  evaluation->analysis = Analyze(context.plan, samples, answers);
  evaluation->analysis.cost = CostOfEvaluation(context.economics, samples, answers);
  evaluation->state = EvaluationState::kSucceeded;
  const auto succeeded = [](const auto& record) { return record.error.empty(); };
  if (!end.status.ok()) {
    evaluation->state = EvaluationState::kFailed;
    evaluation->error = std::string(end.status.message());
  } else if (end.cancelled) {
    evaluation->state = EvaluationState::kCancelled;
  } else if (std::none_of(samples.begin(), samples.end(), succeeded) &&
             std::none_of(answers.begin(), answers.end(), succeeded)) {
    evaluation->state = EvaluationState::kFailed;
    const std::string& first = samples.empty() ? answers.front().error : samples.front().error;
    evaluation->error = absl::StrCat("no sample succeeded; the first failed with ", first);
  }
}

std::vector<TrackedRun> BuildTrackedRuns(const RunContext& context,
                                         const std::vector<PreparedModel>& models) {
  std::vector<TrackedRun> runs = {BuildTrackedEvaluation(context)};
  for (const PreparedModel& model : models) {
    const bool answered =
        std::any_of(context.answers.begin(), context.answers.end(),
                    [&model](const TaskAnswer& answer) { return answer.model == model.name; });
    if (!answered && SamplesOf(context.samples, model.name, "").empty()) continue;
    runs.push_back(BuildTrackedRun(context, model));
  }
  return runs;
}

}  // namespace assay::evaluator
