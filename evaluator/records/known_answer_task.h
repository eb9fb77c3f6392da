// Tasks with known right answers, the answers of models, and their summaries.
#ifndef ASSAY_EVALUATOR_RECORDS_KNOWN_ANSWER_TASK_H_
#define ASSAY_EVALUATOR_RECORDS_KNOWN_ANSWER_TASK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "evaluator/records/energy.h"

namespace assay::evaluator {

struct MultipleChoiceItem {
  // Unique within the task.
  std::string id;
  std::string context;
  // Each choice is appended to the context verbatim, so it includes its leading space.
  std::vector<std::string> choices;
  // The index of the right choice.
  int answer = 0;
};

// In a kMultipleChoice task the model chooses the choice with the highest log-likelihood. A
// kPerplexity task measures the perplexity of a text.
enum class TaskKind { kMultipleChoice, kPerplexity };

struct KnownAnswerTask {
  std::string name;
  TaskKind kind = TaskKind::kMultipleChoice;
  // For kMultipleChoice.
  std::vector<MultipleChoiceItem> items;
  // For kPerplexity.
  std::string text;
};

// The answer of one model to one item, or to the whole text of a kPerplexity task.
struct TaskAnswer {
  // The name of the candidate.
  std::string model;
  std::string task;
  // MultipleChoiceItem::id, or kTextItem.
  std::string item_id;
  // Empty if the model answered.
  std::string error;
  // LoadReport::revision of the model that answered. Empty if unknown.
  std::string revision;
  // The log-likelihood of each choice (or of the text): the sum over its tokens, natural logarithm.
  std::vector<double> log_likelihoods;
  // The number of tokens of each choice (or of the text).
  std::vector<int64_t> tokens;
  // The index of the choice with the highest log-likelihood. -1 for a text.
  int chosen = -1;
  bool correct = false;
  // The same by log-likelihood per character of the choice without its leading white space, which
  // is acc_norm of lm_eval.
  int chosen_by_length = -1;
  bool correct_by_length = false;
  // The wall time of the call that computed the answer, in seconds, and its energy (empty source:
  // not metered). 0 for a failed answer and in records of older versions.
  double busy_seconds = 0;
  Energy energy;
};

// Summarizes all answers of one model to one task.
struct TaskSummary {
  // The name of the candidate.
  std::string model;
  std::string task;
  TaskKind kind = TaskKind::kMultipleChoice;
  // The number of answers without an error.
  int n = 0;
  int errors = 0;
  // The fraction of right answers. Its standard error is sqrt(p (1 - p) / (n - 1)), as in lm_eval;
  // its 95 % confidence interval is Wilson's.
  double accuracy = 0;
  double accuracy_stderr = 0;
  double ci_low = 0;
  double ci_high = 1;
  double accuracy_by_length = 0;
  double accuracy_by_length_stderr = 0;
  // The same by log-likelihood per byte of the choice without its leading white space, which is
  // acc_bytes of lm_eval.
  double accuracy_by_bytes = 0;
  double accuracy_by_bytes_stderr = 0;
  // exp(-log-likelihood / count), where the count is of tokens, of words (split at white space) or
  // of bytes, as in lm_eval.
  double token_perplexity = 0;
  double word_perplexity = 0;
  double byte_perplexity = 0;
  double bits_per_byte = 0;
};

// The item_id of the answer to a kPerplexity task.
inline constexpr char kTextItem[] = "text";

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_KNOWN_ANSWER_TASK_H_
