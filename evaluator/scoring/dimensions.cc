// Implementation of the dimensions; docs/explanation/scoring.md documents each formula.
#include "evaluator/scoring/dimensions.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "evaluator/scoring/clean_text.h"
#include "evaluator/scoring/structure.h"
#include "evaluator/scoring/tweet_length.h"
#include "evaluator/scoring/word_lists.h"
#include "evaluator/sense/language.h"

namespace assay::evaluator {
namespace {

// The number of different phrases that gives the full value.
constexpr double kEnoughInsights = 1;
constexpr double kEnoughValues = 2;
constexpr double kEnoughAuthority = 3;
// One vocabulary term per kWordsPerTerm words gives the full value, but at least kMinTerms.
constexpr double kWordsPerTerm = 40;
constexpr double kMinTerms = 2;
// Readability formulas are unreliable for shorter texts, so the dimension counts proportionally.
constexpr double kReadableWords = 100;
constexpr double kGradesToZero = 6;
// kDetails concrete details per kWordsPerDetail words give the full value.
constexpr double kWordsPerDetail = 40;
constexpr double kDetails = 2;
// Covering half of the prompt's words gives the full value.
constexpr double kEnoughCoverage = 0.5;
// The relevance of a text whose prompt has no content words.
constexpr double kNoPrompt = 0.5;
constexpr size_t kEchoWords = 5;
constexpr size_t kMinEchoWords = 8;
constexpr double kEchoAllowed = 0.1;
constexpr size_t kDiversityWindow = 50;
constexpr size_t kMinDiversityWords = 10;
constexpr double kPoorDiversity = 0.4;
constexpr double kRichDiversity = 0.7;
constexpr double kHashtagsToZero = 3;

double Fraction(double found, double enough) { return std::min(1.0, found / enough); }

double CharactersOf(const ParsedText& text, std::string_view part) {
  return static_cast<double>(text.profile.unit == LengthUnit::kTweetCharacters
                                 ? TweetLength(part)
                                 : CountCodePoints(part));
}

// Returns the length of the counted words and of the characters between them. Where uncounted words
// lie between two counted ones, the gap counts as one blank.
double CountedCharacters(const ParsedText& text) {
  double counted = 0;
  size_t from = 0;
  bool gap = false;
  for (const Word& word : text.analysis.words) {
    if (!word.counted) {
      gap = true;
      continue;
    }
    const auto at = static_cast<size_t>(word.text.data() - text.clean.data());
    if (!gap) {
      counted += CharactersOf(text, text.clean.substr(from, at - from));
    } else if (counted > 0) {
      counted += 1;
    }
    counted += CharactersOf(text, word.text);
    from = at + word.text.size();
    gap = false;
  }
  if (!gap) counted += CharactersOf(text, text.clean.substr(from));
  return counted;
}

// The counted content must reach the band, and the whole text must not exceed it.
double Length(const ParsedText& text) {
  double counted = static_cast<double>(text.analysis.counted);
  double all = static_cast<double>(text.analysis.words.size());
  if (text.profile.unit != LengthUnit::kWords) {
    all = CharactersOf(text, text.clean);
    counted = CountedCharacters(text);
  }
  const Band& band = text.profile.length;
  return std::min(BandFit(std::min(counted, band.high), band),
                  BandFit(std::max(all, band.low), band));
}

double Structure(const ParsedText& text) {
  const std::vector<Element>& expects = text.profile.expects;
  if (expects.empty()) return 1;
  const auto found = std::count_if(expects.begin(), expects.end(), [&text](Element element) {
    return HasElement(text.analysis, element);
  });
  const int enough = text.profile.expects_at_least > 0 ? text.profile.expects_at_least
                                                       : static_cast<int>(expects.size());
  return Fraction(static_cast<double>(found), enough);
}

// A question, an insight and a benefit for the reader count one third each.
double Engagement(const TextAnalysis& analysis) {
  const bool asks =
      std::any_of(analysis.segments.begin(), analysis.segments.end(), [](const Segment& segment) {
        return segment.question && !segment.is_cluster && !segment.copy;
      });
  return ((asks ? 1.0 : 0.0) + Fraction(CountPhrases(analysis, InsightPhrases()), kEnoughInsights) +
          Fraction(CountPhrases(analysis, ValuePhrases()), kEnoughValues)) /
         3;
}

// A call to action, an offer, a deadline and a contact count one quarter each.
double Conversion(const ParsedText& text) {
  const auto any = [&text](Phrases phrases) {
    return CountPhrases(text.analysis, phrases) > 0 ? 1.0 : 0.0;
  };
  const double acts = HasElement(text.analysis, Element::kCallToAction) ? 1.0 : 0.0;
  return (acts + any(OfferPhrases()) + any(DeadlinePhrases()) + any(ContactPhrases())) / 4;
}

double Vocabulary(const ParsedText& text) {
  Stems known;
  AddStems(text.profile.vocabulary, &known);
  Stems found;
  for (const Word& word : text.analysis.words) {
    if (!word.credited) continue;
    if (const std::string stem = Stem(word.lower); known.contains(stem)) found.insert(stem);
  }
  const double enough =
      std::max(kMinTerms, static_cast<double>(text.analysis.words_without_copies) / kWordsPerTerm);
  return Fraction(static_cast<double>(found.size()), enough);
}

// Returns the number of vowel groups; a silent e at the end does not count.
int Syllables(std::string_view word) {
  const auto is_vowel = [](char c) { return absl::StrContains("aeiouy", std::string(1, c)); };
  int groups = 0;
  bool in_group = false;
  for (const char c : word) {
    const bool vowel = is_vowel(c);
    if (vowel && !in_group) ++groups;
    in_group = vowel;
  }
  if (groups > 1 && word.ends_with('e') && !word.ends_with("le")) --groups;
  return std::max(groups, 1);
}

// Uses the Flesch-Kincaid grade, 0.39 words / sentences + 11.8 syllables / words - 15.59 (Kincaid,
// Fishburne, Rogers and Chissom, 1975).
double Readability(const ParsedText& text) {
  const TextAnalysis& analysis = text.analysis;
  if (analysis.counted == 0) return 1;
  int64_t syllables = 0;
  for (const Word& word : analysis.words) {
    if (word.counted) syllables += Syllables(word.lower);
  }
  const auto words = static_cast<double>(analysis.counted);
  const auto sentences = static_cast<double>(
      std::count_if(analysis.segments.begin(), analysis.segments.end(),
                    [](const Segment& segment) { return segment.has_content && !segment.copy; }));
  const double grade =
      0.39 * words / sentences + 11.8 * static_cast<double>(syllables) / words - 15.59;
  const Band& band = text.profile.grade;
  const double distance = std::max({0.0, band.low - grade, grade - band.high});
  const double confidence = std::min(1.0, words / kReadableWords);
  return 1 - confidence * std::min(1.0, distance / kGradesToZero);
}

// Counts numbers, units and names.
double Specificity(const TextAnalysis& analysis) {
  double details = 0;
  for (const Segment& segment : analysis.segments) {
    if (segment.copy || !segment.has_content) continue;
    details += segment.units;
    // The first word of a sentence is always capitalized.
    bool first = true;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      const Word& word = analysis.words[i];
      if (!word.counted) continue;
      if (word.number) {
        details += 1;
      } else if (IsUnit(word.lower) || (word.capital && !first && !word.function)) {
        details += 0.5;
      }
      first = false;
    }
  }
  const double enough =
      kDetails *
      std::max(1.0, static_cast<double>(analysis.words_without_copies) / kWordsPerDetail);
  return Fraction(details, enough);
}

std::vector<std::string> CountedWords(const TextAnalysis& analysis) {
  std::vector<std::string> words;
  words.reserve(analysis.counted);
  for (const Word& word : analysis.words) {
    if (word.counted) words.push_back(word.lower);
  }
  return words;
}

// Returns all runs of kEchoWords words, joined by blanks.
std::vector<std::string> Runs(const std::vector<std::string>& words) {
  std::vector<std::string> runs;
  for (size_t i = 0; i + kEchoWords <= words.size(); ++i) {
    std::string run;
    for (size_t k = i; k < i + kEchoWords; ++k) absl::StrAppend(&run, words[k], " ");
    runs.push_back(std::move(run));
  }
  return runs;
}

double Relevance(const ParsedText& text) {
  const Stems& requested = text.prompt.content_stems;
  if (requested.empty()) return kNoPrompt;
  Stems covered;
  for (const Word& word : text.analysis.words) {
    if (!word.counted) continue;
    if (const std::string stem = Stem(word.lower); requested.contains(stem)) covered.insert(stem);
  }
  const double coverage =
      static_cast<double>(covered.size()) / static_cast<double>(requested.size());
  const double echo = std::max(0.0, EchoFraction(text) - kEchoAllowed);
  return Fraction(coverage, kEnoughCoverage) * std::max(0.0, 1 - 2 * echo);
}

// Uses the moving type-token ratio: the mean fraction of distinct words in windows of
// kDiversityWindow words.
double Diversity(const TextAnalysis& analysis) {
  std::vector<std::string_view> words;
  words.reserve(analysis.counted);
  for (const Word& word : analysis.words) {
    if (word.counted) words.push_back(word.lower);
  }
  if (words.size() < kMinDiversityWords) {
    return static_cast<double>(words.size()) / kMinDiversityWords;
  }
  double sum = 0;
  size_t windows = 0;
  for (size_t begin = 0; begin < words.size(); begin += kDiversityWindow) {
    const size_t end = std::min(begin + kDiversityWindow, words.size());
    // A short last window would overstate the diversity.
    if (windows > 0 && end - begin < kDiversityWindow) break;
    const std::unordered_set<std::string_view> distinct(
        words.begin() + static_cast<ptrdiff_t>(begin), words.begin() + static_cast<ptrdiff_t>(end));
    sum += static_cast<double>(distinct.size()) / static_cast<double>(end - begin);
    ++windows;
  }
  const double mean = sum / static_cast<double>(windows);
  return std::clamp((mean - kPoorDiversity) / (kRichDiversity - kPoorDiversity), 0.0, 1.0);
}

double Hashtags(const ParsedText& text) {
  const int beyond = std::max(0, text.analysis.hashtags - text.profile.max_hashtags);
  return std::max(0.0, 1 - beyond / kHashtagsToZero);
}

bool IsAscii(char c) { return absl::ascii_isascii(static_cast<unsigned char>(c)); }

}  // namespace

double BandFit(double value, const Band& band) {
  if (value < band.low) return std::max(0.0, value / band.low);
  if (value <= band.high) return 1;
  return std::max(0.0, 1 - (value - band.high) / band.high);
}

ParsedPrompt ParsePrompt(std::string_view prompt, const Stems& terms) {
  ParsedPrompt parsed;
  for (const std::string& word : LowerWords(prompt)) {
    const std::string stem = Stem(word);
    if (!IsFunctionWord(word) && !IsInstructionWord(word) && !terms.contains(stem)) {
      parsed.content_stems.insert(stem);
    }
  }
  const std::string clean = NormalizeText(prompt);
  // The analysis must be the one that texts get, so that a repeated prompt is recognized.
  parsed.words = CountedWords(AnalyzeText(clean, {.terms = terms, .prompt = parsed.content_stems}));
  parsed.language = DetectLanguage(clean).code;
  parsed.may_be_english =
      parsed.language.empty() && std::all_of(clean.begin(), clean.end(), IsAscii);
  return parsed;
}

double EchoFraction(const ParsedText& text) {
  if (text.analysis.counted < kMinEchoWords) return 0;
  const std::vector<std::string> runs = Runs(CountedWords(text.analysis));
  const std::vector<std::string> prompt_runs = Runs(text.prompt.words);
  const std::unordered_set<std::string> known(prompt_runs.begin(), prompt_runs.end());
  const auto echoed = std::count_if(
      runs.begin(), runs.end(), [&known](const std::string& run) { return known.contains(run); });
  return static_cast<double>(echoed) / static_cast<double>(runs.size());
}

Weights ComputeDimensions(const ParsedText& text) {
  Weights values = {};
  const auto set = [&values](Dimension dimension, double value) {
    values[static_cast<size_t>(dimension)] = value;
  };
  set(Dimension::kLength, Length(text));
  set(Dimension::kStructure, Structure(text));
  set(Dimension::kEngagement, Engagement(text.analysis));
  set(Dimension::kAuthority,
      Fraction(CountPhrases(text.analysis, AuthorityPhrases()), kEnoughAuthority));
  set(Dimension::kConversion, Conversion(text));
  set(Dimension::kVocabulary, Vocabulary(text));
  set(Dimension::kReadability, Readability(text));
  set(Dimension::kSpecificity, Specificity(text.analysis));
  set(Dimension::kRelevance, Relevance(text));
  set(Dimension::kDiversity, Diversity(text.analysis));
  set(Dimension::kHashtags, Hashtags(text));
  return values;
}

}  // namespace assay::evaluator
