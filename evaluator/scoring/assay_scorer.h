// The project's own content quality scorer.
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

// Scores a text by rules: overall = 10 x sum of (weight x dimension) x product of the gates, with
// the weights of the text's content type. Score::parts has every dimension ("relevance") and every
// gate below 1 ("gate/language"), each 0 to 1. Together with the weights
// (docs/explanation/scoring.md) they reproduce the overall score. The scorer is validated for
// separating degenerate texts from plausible ones, not against reader engagement. Thread-safe;
// takes about a millisecond per page.
class AssayScorer final : public Scorer {
 public:
  // `own` profiles replace the built-in ones of the same name, including "default". With any of
  // them the version is "3+" and eight hexadecimal digits of their hash, so that scores by
  // different rules are never compared.
  explicit AssayScorer(std::vector<ContentTypeProfile> own = {});

  std::string_view name() const override { return "assay"; }
  std::string version() const override { return version_; }
  // Never fails. An empty text scores 0; a text is cut after 1 MiB.
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override;

 private:
  struct Entry {
    ContentTypeProfile profile;
    // Stems that keyword stuffing would use: the profile's vocabulary and words of authority.
    Stems terms;
  };
  const Entry& EntryFor(std::string_view content_type) const;

  std::vector<Entry> entries_;
  std::string version_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_ASSAY_SCORER_H_
