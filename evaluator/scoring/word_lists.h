// What the scorer knows of English.
#ifndef ASSAY_EVALUATOR_SCORING_WORD_LISTS_H_
#define ASSAY_EVALUATOR_SCORING_WORD_LISTS_H_

#include <span>
#include <string>
#include <string_view>

namespace assay::evaluator {

// "the", "of", "with": words of every English text, whatever it is about. `word` in lower case.
bool IsFunctionWord(std::string_view word);

// Words of an instruction ("write", "post", "words"), which an answer need not repeat.
bool IsInstructionWord(std::string_view word);

// "euros", "hours", "gb": what makes a number concrete.
bool IsUnit(std::string_view word);

// Without the commonest endings ("strategies" -> "strategy", "optimizing" -> "optimiz"), so that
// forms of a word meet. `word` in lower case; not a linguist's stem.
std::string Stem(std::string_view word);

// Phrases in lower case, found as whole words, that a dimension looks for. Which groups there are
// is documented in docs/scoring.md.
using Phrases = std::span<const std::string_view>;

Phrases InsightPhrases();
Phrases ValuePhrases();
Phrases AuthorityPhrases();
Phrases ActionVerbs();
Phrases OfferPhrases();
Phrases DeadlinePhrases();
Phrases ContactPhrases();
Phrases ConclusionPhrases();
Phrases StalePhrases();
Phrases ContrastWords();
Phrases Greetings();
Phrases SignOffs();

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_WORD_LISTS_H_
