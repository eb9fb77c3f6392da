// The dimensions of a text's quality.
#ifndef ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_
#define ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "evaluator/scoring/profiles.h"
#include "evaluator/scoring/text_analysis.h"

namespace assay::evaluator {

// What a prompt asks for, terms left out: they do not count in the text either.
struct ReadPrompt {
  // Its counted words in their order.
  std::vector<std::string> words;
  // Stems of its content words.
  Stems asked;
};

// A text, taken apart; borrowed for a call.
struct ReadText {
  const ContentTypeProfile& profile;
  const ReadPrompt& prompt;
  // NormalizeText's, copies taken away.
  std::string_view clean;
  const TextAnalysis& analysis;
};

// 1 inside the band; below it value / low; above it falls to 0 at twice the high end.
double BandFit(double value, const Band& band);

ReadPrompt ReadPromptText(std::string_view prompt, const Stems& terms);

// The share of the text's runs of 5 counted words that stand in the prompt too; 0 below 8 words.
double EchoShare(const ReadText& text);

// By Dimension, each 0 to 1; formulas in docs/scoring.md. O(n).
Weights DimensionsOf(const ReadText& text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_
