// Summaries of the answers to tasks with a known answer, computed as lm_eval computes them.
#ifndef ASSAY_EVALUATOR_ANALYSIS_TASK_SUMMARY_H_
#define ASSAY_EVALUATOR_ANALYSIS_TASK_SUMMARY_H_

#include <string>
#include <string_view>
#include <vector>

#include "evaluator/records/known_answer_task.h"

namespace assay::evaluator {

// As lm_eval counts them, len(re.split("\\s+", text)): pieces between white space of any script,
// empty ones at the ends too.
int LmEvalWords(std::string_view text);

// One a model (by its name in the answers) and task, in the order of the tasks, then of `models`.
std::vector<TaskSummary> SummarizeTasks(const std::vector<KnownAnswerTask>& tasks,
                                        const std::vector<std::string>& models,
                                        const std::vector<TaskAnswer>& answers);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_TASK_SUMMARY_H_
