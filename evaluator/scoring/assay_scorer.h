// Our own scorer.
#ifndef ASSAY_EVALUATOR_SCORING_ASSAY_SCORER_H_
#define ASSAY_EVALUATOR_SCORING_ASSAY_SCORER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/scoring/profiles.h"
#include "evaluator/scoring/scorer.h"
#include "evaluator/scoring/text_analysis.h"

namespace assay::evaluator {

// 10 x the sum of weight x dimension over the content type's dimensions, x the product of the
// gates. Score::parts has every dimension ("relevance"), and every gate below 1 ("gate/language"),
// each 0 to 1: with the content type's weights (docs/scoring.md) they give the overall again.
// Validated for telling degenerate texts from plausible ones, not against what people click on.
// Thread-safe; about a millisecond for a page.
class AssayScorer final : public Scorer {
 public:
  // `own` profiles take the place of the built-in ones of the same name ("default" too). With any
  // the version is "3+" and eight digits of their hash: scores by other rules are not compared.
  explicit AssayScorer(std::vector<ContentTypeProfile> own = {});

  std::string_view name() const override { return "assay"; }
  std::string version() const override { return version_; }
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override;

 private:
  struct Entry {
    ContentTypeProfile profile;
    // What may be strewn in without sense: its vocabulary and words of authority.
    Stems terms;
  };
  const Entry& EntryFor(std::string_view content_type) const;

  std::vector<Entry> entries_;
  std::string version_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_ASSAY_SCORER_H_
