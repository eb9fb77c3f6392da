// Tasks whose right answer is known, the answers that models gave, and their summaries.
#ifndef ASSAY_EVALUATOR_RECORDS_KNOWN_ANSWER_TASK_H_
#define ASSAY_EVALUATOR_RECORDS_KNOWN_ANSWER_TASK_H_

#include <cstdint>
#include <string>
#include <vector>

namespace assay::evaluator {

struct MultipleChoiceItem {
  std::string id;
  std::string context;
  // Each continues the context as it stands: leading space included.
  std::vector<std::string> choices;
  // Index of the right one.
  int answer = 0;
};

// kMultipleChoice: the choice of the highest log-likelihood is the model's. kPerplexity: of `text`.
enum class TaskKind { kMultipleChoice, kPerplexity };

struct KnownAnswerTask {
  std::string name;
  TaskKind kind = TaskKind::kMultipleChoice;
  std::vector<MultipleChoiceItem> items;
  std::string text;
};

// One item's answer, or a task's text as a whole (item_id "text").
struct TaskAnswer {
  std::string model;
  std::string task;
  std::string item_id;
  std::string error;
  // LoadReport's, of the model that answered; empty = unknown.
  std::string revision;
  // Sum over the tokens of each choice (or of the text), natural logarithm.
  std::vector<double> log_likelihoods;
  std::vector<int64_t> tokens;
  // Index of the highest; -1 for a text.
  int chosen = -1;
  bool correct = false;
  // By log-likelihood a character of the choice (its leading space not counted): lm_eval's
  // acc_norm.
  int chosen_by_length = -1;
  bool correct_by_length = false;
};

// All answers of one model to one task.
struct TaskSummary {
  std::string model;
  std::string task;
  TaskKind kind = TaskKind::kMultipleChoice;
  int n = 0;
  int errors = 0;
  // Share of right answers; the standard error is lm_eval's, sqrt(p (1 - p) / (n - 1)), the 95 %
  // interval Wilson's.
  double accuracy = 0;
  double accuracy_stderr = 0;
  double ci_low = 0;
  double ci_high = 1;
  double accuracy_by_length = 0;
  double accuracy_by_length_stderr = 0;
  // exp(-log-likelihood / tokens), and by words (split at white space) and bytes as lm_eval.
  double token_perplexity = 0;
  double word_perplexity = 0;
  double byte_perplexity = 0;
  double bits_per_byte = 0;
};

inline constexpr char kTextItem[] = "text";

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_KNOWN_ANSWER_TASK_H_
