// Summaries of tasks with known answers, computed as lm_eval computes them.
#ifndef ASSAY_EVALUATOR_ANALYSIS_TASK_SUMMARY_H_
#define ASSAY_EVALUATOR_ANALYSIS_TASK_SUMMARY_H_

#include <string>
#include <string_view>
#include <vector>

#include "evaluator/records/known_answer_task.h"

namespace assay::evaluator {

// Counts words as lm_eval does, by len(re.split("\\s+", text)): the pieces between Unicode white
// space, including empty ones at the ends.
int LmEvalWords(std::string_view text);

// Returns true if the choice with the highest log-likelihood per UTF-8 byte, without its leading
// ASCII white space, is the right one (lm_eval's acc_bytes). False without a likelihood for each
// choice.
bool CorrectByBytes(const MultipleChoiceItem& item, const TaskAnswer& answer);

// Returns one summary per task and model (by its name in the answers), in the order of `tasks` and
// then of `models`. Pairs without answers are left out.
std::vector<TaskSummary> SummarizeTasks(const std::vector<KnownAnswerTask>& tasks,
                                        const std::vector<std::string>& models,
                                        const std::vector<TaskAnswer>& answers);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_TASK_SUMMARY_H_
