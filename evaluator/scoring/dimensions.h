// The quality dimensions of a text.
#ifndef ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_
#define ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "evaluator/scoring/profiles.h"
#include "evaluator/scoring/text_analysis.h"

namespace assay::evaluator {

// The content of a prompt. Watched terms are left out, because they do not count in texts either.
struct ParsedPrompt {
  // The counted words in text order.
  std::vector<std::string> words;
  // Stems of the content words.
  Stems content_stems;
  // The prompt's language (evaluator/sense/language.h); empty = unknown.
  std::string_view language;
  // True if the language is unknown, but may be English: the prompt is in ASCII.
  bool may_be_english = false;
};

// A text with its analysis, for the duration of one call. All members are borrowed.
struct ParsedText {
  const ContentTypeProfile& profile;
  const ParsedPrompt& prompt;
  // The text's language; empty = unknown.
  std::string_view language;
  // The result of NormalizeText and RemoveCopies.
  std::string_view clean;
  const TextAnalysis& analysis;
};

// Returns 1 inside the band and value / low below it. Above it the result falls linearly to 0 at
// twice the upper end.
double BandFit(double value, const Band& band);

ParsedPrompt ParsePrompt(std::string_view prompt, const Stems& terms);

// Returns the fraction of the text's runs of 5 counted words that also occur in the prompt; 0 if
// the text has fewer than 8 counted words.
double EchoFraction(const ParsedText& text);

// Computes all dimensions, indexed by Dimension, each 0 to 1. docs/explanation/scoring.md has the
// formulas. O(n).
Weights ComputeDimensions(const ParsedText& text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_DIMENSIONS_H_
