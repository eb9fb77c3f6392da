// A model as judge.
#ifndef ASSAY_EVALUATOR_SCORING_JUDGE_SCORER_H_
#define ASSAY_EVALUATOR_SCORING_JUDGE_SCORER_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "evaluator/records/text_generator.h"
#include "evaluator/scoring/scorer.h"

namespace assay::evaluator {

// Asks a model to rate a text from 0 to 5, and takes the expectation over the probabilities of the
// six digits (G-Eval, arXiv 2303.16634) instead of the digit it would write; with the scale told
// upwards and downwards, averaged, so that a taste for what stands first or last cancels; doubled
// to 0 to 10. Parts: "expected_up", "expected_down" (0 to 5), "disagreement" (their distance).
// Blind: the judge is not told who wrote the text. Small models judge badly and all like their own
// kind of text: off unless configured, for comparison beside rules, not instead of them. Its
// version names the model and its revision ("1/qwen@sha256:..."): another judge gives other scores.
// Thread-safe; two prompts of the text's length.
class JudgeScorer final : public Scorer {
 public:
  // `generator` outlives the scorer; `model` is a catalog id.
  JudgeScorer(TextGenerator* generator, std::string model)
      : generator_(generator), model_(std::move(model)) {}

  std::string_view name() const override { return "judge"; }
  std::string version() const override;
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override;

 private:
  // 0 to 5.
  absl::StatusOr<double> Expect(const ScoreInput& input, std::string_view scale) const;

  TextGenerator* const generator_;
  const std::string model_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_JUDGE_SCORER_H_
