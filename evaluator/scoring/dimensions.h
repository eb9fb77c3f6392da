// The dimensions of a text's quality.
#ifndef ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_
#define ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_

#include <string_view>

#include "evaluator/scoring/profiles.h"
#include "evaluator/scoring/text_analysis.h"

namespace assay::evaluator {

// A text, taken apart; borrowed for a call.
struct ReadText {
  const ContentTypeProfile& profile;
  std::string_view prompt;
  // NormaliseText's, copies taken away.
  std::string_view clean;
  const TextAnalysis& analysis;
};

// 1 inside the band; below it value / low; above it falls to 0 at twice the high end.
double BandFit(double value, const Band& band);

// The share of the text's runs of 5 counted words that stand in the prompt too; 0 below 8 words.
double EchoShare(const ReadText& text);

// By Dimension, each 0 to 1; formulas in docs/scoring.md. O(n).
Weights DimensionsOf(const ReadText& text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_
