// Answering of tasks with known right answers, by the likelihoods that a model assigns.
#ifndef ASSAY_EVALUATOR_RUN_KNOWN_ANSWER_H_
#define ASSAY_EVALUATOR_RUN_KNOWN_ANSWER_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "evaluator/records/known_answer_task.h"
#include "evaluator/records/text_generator.h"

namespace assay::evaluator {

// Computes the answer of a model to one item, or to the text of a kPerplexity task. If the model
// fails, the error is stored in the answer. `model` is the id in the catalog, and is also stored as
// TaskAnswer::model; `timeout` is LikelihoodJob::timeout. Blocks for seconds. Returns CANCELLED,
// and no answer, only if `context` is done.
absl::StatusOr<TaskAnswer> AnswerItem(TextGenerator* generator, const std::string& model,
                                      const KnownAnswerTask& task, const MultipleChoiceItem& item,
                                      absl::Duration timeout, const CallContext& context);
absl::StatusOr<TaskAnswer> AnswerText(TextGenerator* generator, const std::string& model,
                                      const KnownAnswerTask& task, absl::Duration timeout,
                                      const CallContext& context);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_KNOWN_ANSWER_H_
