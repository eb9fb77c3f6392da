// The facts that a prompt gives, and the ones among them that a text changes.
#ifndef ASSAY_EVALUATOR_SENSE_FACTS_H_
#define ASSAY_EVALUATOR_SENSE_FACTS_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluator {

// The comparison of a text with the facts of its prompt.
struct FactCheck {
  // The number of different facts in the prompt. Statements count only if the text inverts them.
  int given = 0;
  // The number of these that the text repeats.
  int kept = 0;
  // One sentence per fact that the text changes: "the prompt has 3 days, the text 3 years", "the
  // prompt says "it is open", the text "it is not open"".
  std::vector<std::string> changed;
};

// Compares numbers with their units, months, days of a month, weekdays, frequencies ("weekly",
// "every Monday") and statements that are negated (FindInvertedStatements()). All but statements
// are read in English, German, Spanish and French, also where the text is in another of these
// languages than the prompt.
//
// A fact is changed if the text has facts of the same kind, such as another number of persons, but
// not this one. A number of seconds, minutes, hours, days, weeks, months or years is changed if the
// text has the same number with another of these units or the unit with another number. Numbers
// that instruct the writer ("at most 280 characters") are not facts. A fact that the text leaves
// out is not changed. O(n), without the statements.
FactCheck CheckFacts(std::string_view prompt, std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SENSE_FACTS_H_
