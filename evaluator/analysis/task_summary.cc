// Implementation of accuracy and perplexity of tasks with known answers.
#include "evaluator/analysis/task_summary.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "evaluator/scoring/clean_text.h"
#include "evaluator/stats/proportion.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

// The standard error of a proportion with n - 1, as lm_eval computes it.
double ProportionError(double proportion, int n) {
  return n > 1 ? std::sqrt(proportion * (1 - proportion) / (n - 1)) : 0;
}

const MultipleChoiceItem* ItemOf(const KnownAnswerTask& task, const std::string& id) {
  const auto found = std::find_if(task.items.begin(), task.items.end(),
                                  [&id](const MultipleChoiceItem& item) { return item.id == id; });
  return found == task.items.end() ? nullptr : &*found;
}

void AddAccuracy(const KnownAnswerTask& task, const std::vector<const TaskAnswer*>& good,
                 TaskSummary* summary) {
  const auto correct =
      std::count_if(good.begin(), good.end(), [](const auto* a) { return a->correct; });
  const auto by_length =
      std::count_if(good.begin(), good.end(), [](const auto* a) { return a->correct_by_length; });
  const auto by_bytes = std::count_if(good.begin(), good.end(), [&task](const auto* a) {
    const MultipleChoiceItem* item = ItemOf(task, a->item_id);
    return item != nullptr && CorrectByBytes(*item, *a);
  });
  const ProportionInterval interval = WilsonInterval(correct, summary->n, kConfidence);
  summary->accuracy = static_cast<double>(correct) / summary->n;
  summary->accuracy_stderr = ProportionError(summary->accuracy, summary->n);
  summary->ci_low = interval.low;
  summary->ci_high = interval.high;
  summary->accuracy_by_length = static_cast<double>(by_length) / summary->n;
  summary->accuracy_by_length_stderr = ProportionError(summary->accuracy_by_length, summary->n);
  summary->accuracy_by_bytes = static_cast<double>(by_bytes) / summary->n;
  summary->accuracy_by_bytes_stderr = ProportionError(summary->accuracy_by_bytes, summary->n);
}

// True for the characters that \s of Python's re matches.
bool IsPythonSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

void AddPerplexity(const TaskAnswer& answer, const std::string& text, TaskSummary* summary) {
  const double loss = -answer.log_likelihoods.front();
  const auto bytes = static_cast<double>(text.size());
  const auto tokens = static_cast<double>(std::max<int64_t>(1, answer.tokens.front()));
  summary->token_perplexity = std::exp(loss / tokens);
  summary->word_perplexity = std::exp(loss / LmEvalWords(text));
  summary->byte_perplexity = std::exp(loss / bytes);
  summary->bits_per_byte = loss / bytes / std::log(2.0);
}

}  // namespace

int LmEvalWords(std::string_view text) {
  bool in_space = false;
  int words = 1;
  while (!text.empty()) {
    const CodePoint c = FirstCodePoint(text);
    const bool space = IsPythonSpace(c.value);
    if (space && !in_space) ++words;
    in_space = space;
    text.remove_prefix(c.bytes);
  }
  return words;
}

bool CorrectByBytes(const MultipleChoiceItem& item, const TaskAnswer& answer) {
  if (item.choices.empty() || answer.log_likelihoods.size() != item.choices.size()) return false;
  std::vector<double> per_byte;
  per_byte.reserve(item.choices.size());
  for (size_t i = 0; i < item.choices.size(); ++i) {
    const size_t bytes = absl::StripLeadingAsciiWhitespace(item.choices[i]).size();
    per_byte.push_back(answer.log_likelihoods[i] / static_cast<double>(std::max<size_t>(1, bytes)));
  }
  return std::max_element(per_byte.begin(), per_byte.end()) - per_byte.begin() == item.answer;
}

std::vector<TaskSummary> SummarizeTasks(const std::vector<KnownAnswerTask>& tasks,
                                        const std::vector<std::string>& models,
                                        const std::vector<TaskAnswer>& answers) {
  std::vector<TaskSummary> summaries;
  for (const KnownAnswerTask& task : tasks) {
    for (const std::string& model : models) {
      std::vector<const TaskAnswer*> good;
      TaskSummary summary{.model = model, .task = task.name, .kind = task.kind};
      for (const TaskAnswer& answer : answers) {
        if (answer.model != model || answer.task != task.name) continue;
        if (answer.error.empty()) {
          good.push_back(&answer);
        } else {
          ++summary.errors;
        }
      }
      summary.n = static_cast<int>(good.size());
      if (!good.empty() && task.kind == TaskKind::kMultipleChoice)
        AddAccuracy(task, good, &summary);
      if (!good.empty() && task.kind == TaskKind::kPerplexity) {
        AddPerplexity(*good.front(), task.text, &summary);
      }
      if (summary.n + summary.errors > 0) summaries.push_back(std::move(summary));
    }
  }
  return summaries;
}

}  // namespace assay::evaluator
