// What a text is built of.
#ifndef ASSAY_EVALUATOR_SCORING_STRUCTURE_H_
#define ASSAY_EVALUATOR_SCORING_STRUCTURE_H_

#include "evaluator/scoring/profiles.h"
#include "evaluator/scoring/text_analysis.h"
#include "evaluator/scoring/word_lists.h"

namespace assay::evaluator {

// Different phrases that stand in the counted words.
double CountPhrases(const TextAnalysis& analysis, Phrases phrases);

// Is it there? kHook: the first sentence has at most 20 words, and a question, a number, or a word
// of contrast. kCallToAction: a sentence that begins with an action, or asks for one. kParagraphs:
// three lines of counted words, or two of at most 80. kHeadings: one at least. kList: two items.
// kCode: a block or two marks of inline code. kSubject: a line "Subject: ...". kGreeting, kSignOff:
// one of the first three or last four lines begins with one. kConclusion: a concluding phrase in
// the last third.
bool HasElement(const TextAnalysis& analysis, Element element);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_STRUCTURE_H_
