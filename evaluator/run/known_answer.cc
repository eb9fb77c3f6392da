// Answering of tasks with known right answers.
#include "evaluator/run/known_answer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "evaluator/run/error_text.h"

namespace assay::evaluator {
namespace {

TaskAnswer EmptyAnswer(const std::string& model, const KnownAnswerTask& task, std::string item_id) {
  return {.model = model, .task = task.name, .item_id = std::move(item_id)};
}

// Sets the likelihoods or the error of `answer`. Returns CANCELLED if `context` is done.
absl::Status AddLikelihoods(TextGenerator* generator, const LikelihoodJob& job,
                            const CallContext& context, TaskAnswer* answer) {
  absl::StatusOr<std::vector<Likelihood>> found = generator->Likelihoods(job, context);
  if (!found.ok() && context.IsDone()) return absl::CancelledError("cancelled");
  const size_t expected = job.text.empty() ? job.continuations.size() : 1;
  if (found.ok() && found->size() != expected) {
    found = absl::InternalError(
        absl::StrCat("got ", found->size(), " likelihoods, expected ", expected));
  }
  if (!found.ok()) {
    answer->error = ErrorText(found.status());
    return absl::OkStatus();
  }
  // A maximum over values that are not finite is meaningless, and JSON records cannot hold them.
  const auto bad = std::find_if_not(found->begin(), found->end(), [](const Likelihood& one) {
    return std::isfinite(one.log_likelihood);
  });
  if (bad != found->end()) {
    answer->error = absl::StrCat("INTERNAL: likelihood ", bad - found->begin(), " is ",
                                 bad->log_likelihood, ", which is not finite");
    return absl::OkStatus();
  }
  for (const Likelihood& likelihood : *found) {
    answer->log_likelihoods.push_back(likelihood.log_likelihood);
    answer->tokens.push_back(likelihood.tokens);
    answer->revision = likelihood.revision;
  }
  return absl::OkStatus();
}

// Returns the number of characters after the leading white space, at least 1.
double CharacterCount(std::string_view choice) {
  const absl::string_view text =
      absl::StripLeadingAsciiWhitespace(absl::string_view(choice.data(), choice.size()));
  return std::max(1.0, static_cast<double>(CountUtf8Characters({text.data(), text.size()})));
}

int IndexOfMax(const std::vector<double>& values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

absl::StatusOr<TaskAnswer> AnswerItem(TextGenerator* generator, const std::string& model,
                                      const KnownAnswerTask& task, const MultipleChoiceItem& item,
                                      absl::Duration timeout, const CallContext& context) {
  TaskAnswer answer = EmptyAnswer(model, task, item.id);
  const LikelihoodJob job{
      .model = model, .context = item.context, .continuations = item.choices, .timeout = timeout};
  RETURN_IF_ERROR(AddLikelihoods(generator, job, context, &answer));
  if (!answer.error.empty()) return answer;
  std::vector<double> by_length;
  by_length.reserve(item.choices.size());
  for (size_t i = 0; i < item.choices.size(); ++i) {
    by_length.push_back(answer.log_likelihoods[i] / CharacterCount(item.choices[i]));
  }
  answer.chosen = IndexOfMax(answer.log_likelihoods);
  answer.correct = answer.chosen == item.answer;
  answer.chosen_by_length = IndexOfMax(by_length);
  answer.correct_by_length = answer.chosen_by_length == item.answer;
  return answer;
}

absl::StatusOr<TaskAnswer> AnswerText(TextGenerator* generator, const std::string& model,
                                      const KnownAnswerTask& task, absl::Duration timeout,
                                      const CallContext& context) {
  TaskAnswer answer = EmptyAnswer(model, task, kTextItem);
  const LikelihoodJob job{.model = model, .text = task.text, .timeout = timeout};
  RETURN_IF_ERROR(AddLikelihoods(generator, job, context, &answer));
  return answer;
}

}  // namespace assay::evaluator
