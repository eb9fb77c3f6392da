// What a text is built of.
#ifndef ASSAY_EVALUATOR_SCORING_STRUCTURE_H_
#define ASSAY_EVALUATOR_SCORING_STRUCTURE_H_

#include "evaluator/scoring/profiles.h"
#include "evaluator/scoring/text_analysis.h"
#include "evaluator/scoring/word_lists.h"

namespace assay::evaluator {

// Different phrases that stand in the counted and credited words.
double CountPhrases(const TextAnalysis& analysis, Phrases phrases);

// Is it there? Copies of a sentence and piles of terms are looked through. kHook: the first
// sentence has at most 20 words, and a question, a number, or a word of contrast. kCallToAction: a
// sentence that begins with an action, or asks for one. kParagraphs: three lines of counted words,
// or two of at most 80; line breaks alone make them, so no built-in type expects them. kHeadings:
// two, with 10 counted words under each. kList: two items of three words. kCode: a block or two
// marks of inline code. kSubject: one of the first three sentences is "Subject: ...". kGreeting,
// kSignOff: one of the first three or last four sentences is one. kConclusion: a concluding phrase
// in the last third. But for paragraphs, headings, lists and code a line feed is as good as a blank
// between sentences.
bool HasElement(const TextAnalysis& analysis, Element element);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_STRUCTURE_H_
