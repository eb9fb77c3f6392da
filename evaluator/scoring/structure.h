// Structural elements and phrases of a text.
#ifndef ASSAY_EVALUATOR_SCORING_STRUCTURE_H_
#define ASSAY_EVALUATOR_SCORING_STRUCTURE_H_

#include "evaluator/scoring/profiles.h"
#include "evaluator/scoring/text_analysis.h"
#include "evaluator/scoring/word_lists.h"

namespace assay::evaluator {

// Returns the number of different `phrases` that occur in the counted and credited words.
double CountPhrases(const TextAnalysis& analysis, Phrases phrases);

// True if the text has the element. Copies of a sentence and keyword clusters are ignored.
// - kHook: the first sentence has at most 20 words, and is a question or has a number or a word of
//   contrast.
// - kCallToAction: a sentence has an action verb among its first three words, terms aside.
// - kParagraphs: three lines with counted words, or two if the text has at most 80. Line breaks
//   alone make paragraphs, so no built-in type expects them.
// - kHeadings: two headings with at least 10 counted words under each.
// - kList: two items of at least three words.
// - kCode: a code block or inline code.
// - kSubject: one of the first three sentences is "Subject: ...".
// - kGreeting, kSignOff: one of the first three or last four sentences is one.
// - kConclusion: a concluding phrase in the last third.
// Except for paragraphs, headings, lists and code, a line feed between sentences is equivalent to a
// blank.
bool HasElement(const TextAnalysis& analysis, Element element);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_STRUCTURE_H_
