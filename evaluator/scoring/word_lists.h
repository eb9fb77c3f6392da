// The English word lists of the assay scorer.
#ifndef ASSAY_EVALUATOR_SCORING_WORD_LISTS_H_
#define ASSAY_EVALUATOR_SCORING_WORD_LISTS_H_

#include <span>
#include <string>
#include <string_view>

namespace assay::evaluator {

// All functions take `word` in lower case.

// True for words that occur in every English text regardless of its subject ("the", "of", "with").
bool IsFunctionWord(std::string_view word);

// True for words of an instruction ("write", "post", "words"), which an answer need not repeat.
bool IsInstructionWord(std::string_view word);

// True for units that make a number concrete ("euros", "hours", "gb").
bool IsUnit(std::string_view word);

// Removes the most common endings ("strategies" -> "strategy", "optimizing" -> "optimiz"), so that
// the forms of a word compare equal. The result is not a linguistic stem.
std::string Stem(std::string_view word);

// Lower-case phrases that a dimension or gate searches for as whole words.
// docs/explanation/scoring.md describes the groups.
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
