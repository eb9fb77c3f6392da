// Tasks with known answers.
#include "evaluator/known_answer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "evaluator/scoring/clean_text.h"
#include "evaluator/statistics.h"
#include "evaluator/stats/proportion.h"

namespace assay::evaluator {
namespace {

TaskAnswer Begin(const std::string& model, const KnownAnswerTask& task, std::string item_id) {
  return {.model = model, .task = task.name, .item_id = std::move(item_id)};
}

// Ok with the answer's likelihoods or error; CANCELLED if nobody wants it any more.
absl::Status Ask(TextGenerator* generator, const LikelihoodJob& job,
                 const std::function<bool()>& cancelled, TaskAnswer* answer) {
  absl::StatusOr<std::vector<Likelihood>> found = generator->Likelihoods(job, cancelled);
  if (!found.ok() && cancelled()) return absl::CancelledError("cancelled");
  const size_t wanted = job.text.empty() ? job.continuations.size() : 1;
  if (found.ok() && found->size() != wanted) {
    found = absl::InternalError(
        absl::StrCat(found->size(), " likelihoods came; ", wanted, " were asked for"));
  }
  if (!found.ok()) {
    answer->error = absl::StrCat(absl::StatusCodeToString(found.status().code()), ": ",
                                 found.status().message());
    return absl::OkStatus();
  }
  // No number is the highest of those that are none, and a record cannot hold them.
  const auto bad = std::find_if_not(found->begin(), found->end(), [](const Likelihood& one) {
    return std::isfinite(one.log_likelihood);
  });
  if (bad != found->end()) {
    answer->error = absl::StrCat("INTERNAL: likelihood ", bad - found->begin(), " is ",
                                 bad->log_likelihood, ", no finite number");
    return absl::OkStatus();
  }
  for (const Likelihood& likelihood : *found) {
    answer->log_likelihoods.push_back(likelihood.log_likelihood);
    answer->tokens.push_back(likelihood.tokens);
    answer->revision = likelihood.revision;
  }
  return absl::OkStatus();
}

// Characters behind the leading white space; at least 1.
double LengthOf(std::string_view choice) {
  const absl::string_view text =
      absl::StripLeadingAsciiWhitespace(absl::string_view(choice.data(), choice.size()));
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  const auto count = static_cast<double>(
      std::count_if(text.begin(), text.end(), [&continues](char c) { return !continues(c); }));
  return std::max(1.0, count);
}

int IndexOfHighest(const std::vector<double>& values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

double ShareError(double share, int n) {
  return n > 1 ? std::sqrt(share * (1 - share) / (n - 1)) : 0;
}

void AddAccuracy(const std::vector<const TaskAnswer*>& good, TaskSummary* summary) {
  const auto right =
      std::count_if(good.begin(), good.end(), [](const auto* a) { return a->correct; });
  const auto by_length =
      std::count_if(good.begin(), good.end(), [](const auto* a) { return a->correct_by_length; });
  const ShareInterval interval = WilsonInterval(right, summary->n, kConfidence);
  summary->accuracy = static_cast<double>(right) / summary->n;
  summary->accuracy_stderr = ShareError(summary->accuracy, summary->n);
  summary->ci_low = interval.low;
  summary->ci_high = interval.high;
  summary->accuracy_by_length = static_cast<double>(by_length) / summary->n;
  summary->accuracy_by_length_stderr = ShareError(summary->accuracy_by_length, summary->n);
}

// \s of Python's re.
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

absl::StatusOr<TaskAnswer> AnswerItem(TextGenerator* generator, const std::string& model,
                                      const KnownAnswerTask& task, const MultipleChoiceItem& item,
                                      absl::Duration timeout,
                                      const std::function<bool()>& cancelled) {
  TaskAnswer answer = Begin(model, task, item.id);
  const LikelihoodJob job{
      .model = model, .context = item.context, .continuations = item.choices, .timeout = timeout};
  if (absl::Status s = Ask(generator, job, cancelled, &answer); !s.ok()) return s;
  if (!answer.error.empty()) return answer;
  std::vector<double> by_length;
  by_length.reserve(item.choices.size());
  for (size_t i = 0; i < item.choices.size(); ++i) {
    by_length.push_back(answer.log_likelihoods[i] / LengthOf(item.choices[i]));
  }
  answer.chosen = IndexOfHighest(answer.log_likelihoods);
  answer.correct = answer.chosen == item.answer;
  answer.chosen_by_length = IndexOfHighest(by_length);
  answer.correct_by_length = answer.chosen_by_length == item.answer;
  return answer;
}

absl::StatusOr<TaskAnswer> AnswerText(TextGenerator* generator, const std::string& model,
                                      const KnownAnswerTask& task, absl::Duration timeout,
                                      const std::function<bool()>& cancelled) {
  TaskAnswer answer = Begin(model, task, kTextItem);
  const LikelihoodJob job{.model = model, .text = task.text, .timeout = timeout};
  if (absl::Status s = Ask(generator, job, cancelled, &answer); !s.ok()) return s;
  return answer;
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
      if (!good.empty() && task.kind == TaskKind::kMultipleChoice) AddAccuracy(good, &summary);
      if (!good.empty() && task.kind == TaskKind::kPerplexity) {
        AddPerplexity(*good.front(), task.text, &summary);
      }
      if (summary.n + summary.errors > 0) summaries.push_back(std::move(summary));
    }
  }
  return summaries;
}

}  // namespace assay::evaluator
