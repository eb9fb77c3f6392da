// The project's own content quality scorer.
#ifndef ASSAY_EVALUATOR_SCORING_ASSAY_SCORER_H_
#define ASSAY_EVALUATOR_SCORING_ASSAY_SCORER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "evaluator/scoring/dimensions.h"
#include "evaluator/scoring/profiles.h"
#include "evaluator/scoring/scorer.h"
#include "evaluator/scoring/text_analysis.h"
#include "evaluator/sense/sense.h"

namespace assay::evaluator {

// Scores a text: overall = 10 x sum of (weight x dimension) x product of the gates, with the
// weights of the text's content type. The dimensions are rules of form. The gates are rules of
// form, the fact check and, with a SenseReader, what its models read in the text. Score::parts has
// every dimension ("relevance") and every gate below 1 ("gate/language"), each 0 to 1. Together
// with the weights (docs/explanation/scoring.md) they reproduce the overall score. A text in
// another language than English has no part for the dimensions that are English only, and its
// weights are divided by their sum. The part "unread" is 1 if a model of the reader does not know
// the text's language; such a text is judged by its form. Score::reasons explains every part.
// Thread-safe; takes about a millisecond per page, plus the reader's time.
class AssayScorer final : public Scorer {
 public:
  // `own` profiles replace the built-in ones of the same name, including "default". `reader` must
  // outlive the scorer; null: the score reads the form alone. The version is "4", with own profiles
  // "4+" and eight hexadecimal digits of their hash, then "/form" or "/" and
  // SenseReader::Version(), so that scores by different rules or readers are never compared.
  explicit AssayScorer(std::vector<ContentTypeProfile> own = {}, SenseReader* reader = nullptr);

  std::string_view name() const override { return "assay"; }
  std::string version() const override;
  // Fails with the errors of the reader only. An empty text scores 0; a text is cut after 1 MiB.
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override;

 private:
  struct Entry {
    ContentTypeProfile profile;
    // Stems that keyword stuffing would use: the profile's vocabulary and words of authority.
    Stems terms;
  };
  const Entry& EntryFor(std::string_view content_type) const;
  // Applies the factors of the reader.
  absl::Status ReadSense(const ScoreInput& input, const ParsedText& text, Score* score) const;

  std::vector<Entry> entries_;
  // The version without the reader.
  std::string rules_version_;
  SenseReader* const reader_;
};

// True if no model reads the texts under this version of the scorer.
bool IsFormOnly(std::string_view version);

// Returns the catalog ids of the models that read the texts under this version of the scorer.
std::vector<std::string> ReadersOf(std::string_view version);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_ASSAY_SCORER_H_
