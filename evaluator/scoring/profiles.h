// What is expected of a text of one content type.
#ifndef ASSAY_EVALUATOR_SCORING_PROFILES_H_
#define ASSAY_EVALUATOR_SCORING_PROFILES_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluator {

// What the quality of a text is made of; each is 0 to 1. docs/scoring.md has the formulas.
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

// What structure may be expected.
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

// kTweetCharacters are weighted as Twitter counts them (TweetLength).
enum class LengthUnit { kWords, kCharacters, kTweetCharacters };
inline constexpr std::array<std::string_view, 3> kLengthUnitNames = {"words", "characters",
                                                                     "tweet_characters"};

// Both ends belong to it.
struct Band {
  double low = 0;
  double high = 0;
};

using Weights = std::array<double, kDimensions>;

struct ContentTypeProfile {
  // What prompts call the content type.
  std::string name;
  LengthUnit unit = LengthUnit::kWords;
  Band length;
  // More than the platform takes, in `unit`s of characters; 0 = no such limit.
  int platform_limit = 0;
  // Flesch-Kincaid grades.
  Band grade;
  int max_hashtags = 0;
  std::vector<Element> expects;
  // So many of `expects` are enough; 0 = all.
  int expects_at_least = 0;
  // Words and phrases in lower case.
  std::vector<std::string> vocabulary;
  // By Dimension; their sum is 1.
  Weights weights = {};
};

// twitter, linkedin, technical, business, email, blog, and last "default", which stands for every
// content type that has no profile.
const std::vector<ContentTypeProfile>& BuiltInProfiles();

// Null if there is none of that name.
const ContentTypeProfile* FindProfile(const std::vector<ContentTypeProfile>& profiles,
                                      std::string_view name);

// Divides them by their sum, which must be above 0.
void NormalizeWeights(Weights* weights);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_PROFILES_H_
