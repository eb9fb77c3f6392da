// A scripted judge for tests.
#ifndef ASSAY_TESTS_EVALUATOR_JUDGING_JUDGING_FAKES_H_
#define ASSAY_TESTS_EVALUATOR_JUDGING_JUDGING_FAKES_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/judging/judge.h"

namespace assay::evaluator {

// Answers by a function and counts the questions. Wrote() compares the candidate's model.
class FakeJudge final : public Judge {
 public:
  using AnswerFn = std::function<absl::StatusOr<JudgeAnswer>(const JudgeQuestion&)>;

  FakeJudge(std::string name, AnswerFn answer)
      : name_(std::move(name)), answer_(std::move(answer)) {}

  const std::string& name() const override { return name_; }
  std::string version() const override { return absl::StrCat("fake/", name_); }
  std::string Request(const JudgeQuestion& question) const override {
    return absl::StrCat(version(), "\n", QuestionText(question));
  }
  absl::StatusOr<JudgeAnswer> Ask(const JudgeQuestion& question,
                                  const CallContext& /*context*/) override {
    ++questions;
    return answer_(question);
  }
  bool Wrote(const Candidate& candidate, const Sample& /*sample*/) const override {
    return candidate.model == wrote;
  }

  int questions = 0;
  std::string wrote;

 private:
  const std::string name_;
  const AnswerFn answer_;
};

// Prefers the longer text.
inline absl::StatusOr<JudgeAnswer> PreferLonger(const JudgeQuestion& question) {
  const Choice choice =
      question.first.size() > question.second.size() ? Choice::kFirst : Choice::kSecond;
  return JudgeAnswer{.choice = choice, .input_tokens = 10, .output_tokens = 1, .cost_usd = 0.25};
}

// Prefers what is shown first.
inline absl::StatusOr<JudgeAnswer> PreferFirst(const JudgeQuestion& /*question*/) {
  return JudgeAnswer{.choice = Choice::kFirst};
}

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_JUDGING_JUDGING_FAKES_H_
