// The statements of a prompt that a text turns into their opposite.
#ifndef ASSAY_EVALUATOR_SENSE_POLARITY_H_
#define ASSAY_EVALUATOR_SENSE_POLARITY_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluator {

// A clause of the prompt, and the clause of the text that says the opposite.
struct InvertedStatement {
  std::string prompt;
  std::string text;
};

// Finds clauses of the text that have the content words of a clause of the prompt, where one of the
// two is negated and the other is not. Content words are all but function words and negations; they
// are compared by their first five characters. A clause needs three of them. The text's clause must
// have three quarters of those of the prompt's clause, and half of its own must be from there, so
// that a clause about something else that shares a few words does not count. Questions make no
// statement.
//
// Antonyms, exchanged subjects and objects, and statements that the prompt does not make are not
// found. Both texts must be in the same one of the languages of DetectLanguage(). Reads the first
// 200 clauses of the prompt and the first 1000 of the text: at most about 0.3 s, and
// less than a millisecond for a page.
std::vector<InvertedStatement> FindInvertedStatements(std::string_view prompt,
                                                      std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SENSE_POLARITY_H_
