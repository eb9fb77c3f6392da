// Profiles of content types: what the assay scorer expects of a text.
#ifndef ASSAY_EVALUATOR_SCORING_PROFILES_H_
#define ASSAY_EVALUATOR_SCORING_PROFILES_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluator {

// The dimensions of a text's quality, each 0 to 1. docs/explanation/scoring.md has the formulas.
enum class Dimension {
  kLength,
  kStructure,
  kEngagement,
  kAuthority,
  kConversion,
  kVocabulary,
  kReadability,
  kSpecificity,
  kRelevance,
  kDiversity,
  kHashtags,
};
inline constexpr size_t kDimensions = 11;
inline constexpr std::array<std::string_view, kDimensions> kDimensionNames = {
    "length",      "structure",   "engagement", "authority", "conversion", "vocabulary",
    "readability", "specificity", "relevance",  "diversity", "hashtags"};

// Aligned with Dimension: what a dimension looks for, as the end of a sentence "1 if ...".
extern const std::array<std::string_view, kDimensions> kDimensionMeanings;

// True for the dimensions whose rules or word lists are English. They do not apply to texts in
// other languages.
bool IsEnglishOnly(Dimension dimension);

// Structural elements that a profile may expect (structure.h defines each).
enum class Element {
  kHook,
  kCallToAction,
  kParagraphs,
  kHeadings,
  kList,
  kCode,
  kSubject,
  kGreeting,
  kSignOff,
  kConclusion,
};
inline constexpr size_t kElements = 10;
inline constexpr std::array<std::string_view, kElements> kElementNames = {
    "hook", "call_to_action", "paragraphs", "headings", "list",
    "code", "subject",        "greeting",   "sign_off", "conclusion"};

// kTweetCharacters are weighted as Twitter counts them (tweet_length.h).
enum class LengthUnit { kWords, kCharacters, kTweetCharacters };
inline constexpr std::array<std::string_view, 3> kLengthUnitNames = {"words", "characters",
                                                                     "tweet_characters"};

// A closed interval.
struct Band {
  double low = 0;
  double high = 0;
};

using Weights = std::array<double, kDimensions>;

struct ContentTypeProfile {
  // The content type as prompts name it.
  std::string name;
  LengthUnit unit = LengthUnit::kWords;
  Band length;
  // The platform's length limit in characters (weighted if `unit` is kTweetCharacters); 0 = none.
  int platform_limit = 0;
  // The range of Flesch-Kincaid grades.
  Band grade;
  int max_hashtags = 0;
  std::vector<Element> expects;
  // The number of `expects` that suffices; 0 = all.
  int expects_at_least = 0;
  // Lower-case words and phrases.
  std::vector<std::string> vocabulary;
  // Indexed by Dimension; the sum is 1.
  Weights weights = {};
};

// Returns twitter, linkedin, technical, business, email, blog and, last, "default", which applies
// to every content type without a profile.
const std::vector<ContentTypeProfile>& BuiltInProfiles();

// Returns the first profile of that name, or null.
const ContentTypeProfile* FindProfile(const std::vector<ContentTypeProfile>& profiles,
                                      std::string_view name);

// Divides the weights by their sum, which must be above 0.
void NormalizeWeights(Weights* weights);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_PROFILES_H_
