// The language of a text, by its function words.
#ifndef ASSAY_EVALUATOR_SENSE_LANGUAGE_H_
#define ASSAY_EVALUATOR_SENSE_LANGUAGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluator {

inline constexpr std::string_view kEnglishCode = "en";

// A shorter text does not show its language.
inline constexpr size_t kMinLanguageWords = 5;

struct LanguageGuess {
  // "en", "de", "es", "fr", "it", "nl" or "pt"; empty if the language is another one or not clear.
  std::string_view code;
  // The fraction of words that are function words of this language, 0 to 1.
  double share = 0;
};

// Returns the language with the most function words. It is not clear below kMinLanguageWords,
// if fewer than 15 % of the words are function words, if fewer than three different ones of these
// have two or more letters, or if a second language has almost as many. O(n).
LanguageGuess DetectLanguage(std::string_view text);

// Returns the fraction of words that are function words of `code`, 0 to 1; 0 for an unknown code
// and a text without words.
double FunctionWordShare(std::string_view text, std::string_view code);

// Returns the runs of letters and digits in lower case. Full stops and commas between digits belong
// to the number ("1,000").
std::vector<std::string> PlainWords(std::string_view text);

// Returns the language's name in English; "an unknown language" for an unknown code.
std::string_view LanguageName(std::string_view code);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SENSE_LANGUAGE_H_
