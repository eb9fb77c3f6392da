// Tasks whose right answer is known: how likely does a model find it?
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

// Asks the model; a failure is in the answer's `error`. Seconds; `timeout` is LikelihoodJob's.
// CANCELLED (and no answer) only where `context` says so.
absl::StatusOr<TaskAnswer> AnswerItem(TextGenerator* generator, const std::string& model,
                                      const KnownAnswerTask& task, const MultipleChoiceItem& item,
                                      absl::Duration timeout, const CallContext& context);
absl::StatusOr<TaskAnswer> AnswerText(TextGenerator* generator, const std::string& model,
                                      const KnownAnswerTask& task, absl::Duration timeout,
                                      const CallContext& context);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_KNOWN_ANSWER_H_
