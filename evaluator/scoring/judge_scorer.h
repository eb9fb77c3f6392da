// A scorer that uses a language model as judge.
#ifndef ASSAY_EVALUATOR_SCORING_JUDGE_SCORER_H_
#define ASSAY_EVALUATOR_SCORING_JUDGE_SCORER_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "evaluator/records/text_generator.h"
#include "evaluator/scoring/scorer.h"

namespace assay::evaluator {

// Rates a text from 0 to 5 by a model. The rating is the expectation over the probabilities of the
// six digits (G-Eval, arXiv 2303.16634), not the digit that the model would generate. It is the
// mean of two prompts, one with the scale in ascending and one in descending order, so that a
// position bias of the judge cancels out; it is doubled to 0 to 10. Parts: "expected_up" and
// "expected_down" (0 to 5), "disagreement" (their absolute difference).
//
// The judge does not see which model wrote the text. Small models judge poorly and all models
// prefer texts like their own, so the scorer is off unless configured, and it complements the rules
// rather than replacing them. The version names the judge and its revision ("1/qwen@sha256:..."),
// because another judge gives different scores. Thread-safe; each call costs two prompts of the
// text's length. Errors are the generator's, and INTERNAL if the ratings have no probability.
class JudgeScorer final : public Scorer {
 public:
  // `generator` must outlive the scorer. `model` is a catalog id.
  JudgeScorer(TextGenerator* generator, std::string model)
      : generator_(generator), model_(std::move(model)) {}

  std::string_view name() const override { return "judge"; }
  std::string version() const override;
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override;

 private:
  // Returns the expected rating with the given description of the scale, 0 to 5.
  absl::StatusOr<double> ExpectedRating(const ScoreInput& input, std::string_view scale) const;

  TextGenerator* const generator_;
  const std::string model_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_JUDGE_SCORER_H_
