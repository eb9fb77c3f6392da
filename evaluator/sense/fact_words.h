// The words of numbers, dates and units in English, German, Spanish and French.
#ifndef ASSAY_EVALUATOR_SENSE_FACT_WORDS_H_
#define ASSAY_EVALUATOR_SENSE_FACT_WORDS_H_

#include <optional>
#include <string>
#include <string_view>

namespace assay::evaluator {

// All functions take `word` in lower case.

// Returns the value of digits ("1,000", "2.5") or of a number word from two to twelve. Words for
// one are articles in most languages and do not count. A comma or full stop before exactly three
// digits separates thousands.
std::optional<double> NumberValue(std::string_view word);

// Returns the month, 1 to 12; 0 for other words.
int MonthOf(std::string_view word);

// Returns the day of the week, 1 (Monday) to 7; 0 for other words.
int WeekdayOf(std::string_view word);

// Returns the English singular of a unit of time ("tagen" -> "day"); empty for other words.
std::string_view TimeUnitOf(std::string_view word);

// Returns "day", "week", "month" or "year" for a word such as "weekly"; empty for other words.
std::string_view FrequencyOf(std::string_view word);

// True for "every" and its translations.
bool IsEvery(std::string_view word);

// True for the units of an instruction ("characters", "words", "hashtags").
bool IsWritingUnit(std::string_view word);

// True for words that may follow a number without being its unit ("to", "of", "and").
bool IsNoUnit(std::string_view word);

// Removes the endings of the plural, so that both forms of a unit compare equal.
std::string SingularStem(std::string_view word);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SENSE_FACT_WORDS_H_
