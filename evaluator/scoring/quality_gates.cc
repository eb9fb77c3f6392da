// The factors.
#include "evaluator/scoring/quality_gates.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "evaluator/scoring/clean_text.h"
#include "evaluator/scoring/tweet_length.h"
#include "evaluator/scoring/word_lists.h"

namespace assay::evaluator {
namespace {

// Shares of function words: below the first it is no English, from the second on it is.
constexpr double kNoEnglish = 0.1;
constexpr double kEnglish = 0.22;
// As much of it no UTF-8: no text at all.
constexpr double kAllBroken = 0.1;
constexpr char32_t kReplacement = 0xFFFD;
// Shares of the text that are the prompt's.
constexpr double kQuotes = 0.4;
constexpr double kEchoes = 0.8;
constexpr double kEchoFactor = 0.15;
// Shares of different runs of three words.
constexpr double kLoops = 0.3;
constexpr double kFresh = 0.75;
constexpr size_t kRun = 3;
constexpr size_t kFewestRuns = 20;
constexpr double kTruncated = 0.75;
constexpr double kPlaceholder = 0.6;
constexpr double kChatter = 0.85;
constexpr double kTooLong = 0.5;
constexpr double kMissingAll = 0.5;
constexpr size_t kChatterBytes = 80;

// What stands first in a placeholder: "[Your Name]", "[Company]".
constexpr auto kBlanks = std::to_array<std::string_view>(
    {"your",  "my",       "name",     "company",   "insert",    "client", "date",   "link",
     "phone", "product",  "email",    "recipient", "customer",  "city",   "number", "brand",
     "title", "business", "topic",    "website",   "address",   "first",  "last",   "contact",
     "time",  "location", "position", "amount",    "signature", "sender", "zip",    "event"});
constexpr size_t kLongestBlank = 60;

constexpr auto kFillers = std::to_array<std::string_view>(
    {"lorem ipsum", "<your", "<name", "<insert", "insert your", "insert name", "insert here",
     "your name here", "xxxx", "<|im_", "<|endoftext", "[inst]"});

double Ramp(double value, double from, double to) {
  return std::clamp((value - from) / (to - from), 0.0, 1.0);
}

// Share of characters that were no UTF-8.
double Broken(std::string_view clean) {
  double broken = 0;
  double all = 0;
  for (; !clean.empty(); ++all) {
    const CodePoint c = FirstCodePoint(clean);
    if (c.value == kReplacement) ++broken;
    clean.remove_prefix(c.bytes);
  }
  return all == 0 ? 0 : broken / all;
}

// Copies of a sentence are left out: they would thin out whatever else is wrong.
double Language(const ReadText& text) {
  size_t words = 0;
  size_t functions = 0;
  for (const Segment& segment : text.analysis.segments) {
    if (segment.copy) continue;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      ++words;
      functions += text.analysis.words[i].function ? 1 : 0;
    }
  }
  if (words == 0) return 0;
  return Ramp(static_cast<double>(functions) / static_cast<double>(words), kNoEnglish, kEnglish) *
         (1 - Ramp(Broken(text.clean), 0, kAllBroken));
}

// Runs of counted words and of copies, inside sentences: neither terms nor copies thin a loop out.
double Repetition(const TextAnalysis& analysis, int copies) {
  const double once = 1.0 / copies;
  std::unordered_set<std::string> distinct;
  size_t runs = 0;
  for (const Segment& segment : analysis.segments) {
    std::vector<std::string_view> words;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      const Word& word = analysis.words[i];
      if (word.counted || (segment.copy && !word.pile && !word.term)) words.push_back(word.lower);
    }
    for (size_t i = 0; i + kRun <= words.size(); ++i) {
      std::string run;
      for (size_t k = i; k < i + kRun; ++k) run.append(words[k]).append(" ");
      distinct.insert(std::move(run));
      ++runs;
    }
  }
  if (runs < kFewestRuns) return once;
  return once *
         Ramp(static_cast<double>(distinct.size()) / static_cast<double>(runs), kLoops, kFresh);
}

// Of the words that are neither copies nor terms that stand alone.
double Piles(const TextAnalysis& analysis) {
  size_t others = 0;
  for (const Segment& segment : analysis.segments) {
    if (segment.copy) continue;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      const Word& word = analysis.words[i];
      others += word.pile || word.term ? 0 : 1;
    }
  }
  if (analysis.piled == 0) return 1;
  return static_cast<double>(others) / static_cast<double>(others + analysis.piled);
}

double Echo(const ReadText& text) {
  return 1 - (1 - kEchoFactor) * Ramp(EchoShare(text), kQuotes, kEchoes);
}

// In lower case, without blocks of code and `code`, which may hold any bracket.
std::string Prose(const TextAnalysis& analysis) {
  std::string prose;
  for (const Line& line : analysis.lines) {
    if (line.kind == LineKind::kCode) continue;
    bool code = false;
    for (const char c : line.text) {
      if (c == '`') code = !code;
      if (!code) prose += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
    prose += '\n';
  }
  return prose;
}

// Not a link of Markdown, "[my article](https://...)".
bool HasBlank(std::string_view prose) {
  for (size_t at = prose.find('['); at != std::string_view::npos; at = prose.find('[', at + 1)) {
    const std::string_view rest = prose.substr(at + 1, kLongestBlank);
    const size_t end = rest.find(']');
    if (end == std::string_view::npos || prose.substr(at + end + 2).starts_with('(')) continue;
    std::vector<std::string> words = LowerWords(rest.substr(0, end));
    if (!words.empty() && words.front().ends_with("'s")) {
      words.front().resize(words.front().size() - 2);
    }
    if (!words.empty() &&
        std::find(kBlanks.begin(), kBlanks.end(), words.front()) != kBlanks.end()) {
      return true;
    }
  }
  const size_t open = prose.find("{{");
  return open != std::string_view::npos && prose.find("}}", open) != std::string_view::npos;
}

double Placeholders(const TextAnalysis& analysis) {
  const std::string prose = Prose(analysis);
  const bool any = HasBlank(prose) ||
                   std::any_of(kFillers.begin(), kFillers.end(), [&prose](std::string_view mark) {
                     return absl::StrContains(prose, std::string(mark));
                   });
  return any ? kPlaceholder : 1;
}

// The first words of the first sentence that is no pile of terms.
double Chatter(const TextAnalysis& analysis) {
  const auto first = std::find_if(analysis.segments.begin(), analysis.segments.end(),
                                  [](const Segment& segment) { return !segment.pile; });
  if (first == analysis.segments.end()) return 1;
  std::string begin;
  for (size_t i = first->begin; i < first->end && begin.size() < kChatterBytes; ++i) {
    const Word& word = analysis.words[i];
    if (!word.term && !word.idle) absl::StrAppend(&begin, word.lower, " ");
  }
  const Phrases stale = StalePhrases();
  const bool chats = std::any_of(stale.begin(), stale.end(), [&begin](std::string_view phrase) {
    return begin.starts_with(absl::StrCat(std::string(phrase), " "));
  });
  return chats ? kChatter : 1;
}

double Platform(const ReadText& text) {
  if (text.profile.platform_limit == 0) return 1;
  const int64_t length = text.profile.unit == LengthUnit::kTweetCharacters
                             ? TweetLength(text.clean)
                             : CountCodePoints(text.clean);
  return length > text.profile.platform_limit ? kTooLong : 1;
}

double Constraints(const ReadText& text, const std::string& lower,
                   const PromptConstraints& constraints) {
  double factor = 1;
  if (constraints.max_characters > 0 &&
      CountCodePoints(text.clean) > int64_t{constraints.max_characters}) {
    factor = kTooLong;
  }
  if (constraints.must_include.empty()) return factor;
  const auto found = std::count_if(constraints.must_include.begin(), constraints.must_include.end(),
                                   [&lower](const std::string& word) {
                                     return absl::StrContains(lower, absl::AsciiStrToLower(word));
                                   });
  const double share =
      static_cast<double>(found) / static_cast<double>(constraints.must_include.size());
  return factor * (kMissingAll + (1 - kMissingAll) * share);
}

}  // namespace

std::vector<std::pair<std::string_view, double>> GatesOf(const ReadText& text, int copies,
                                                         std::string_view finish_reason,
                                                         const PromptConstraints& constraints) {
  const std::string lower = absl::AsciiStrToLower(std::string(text.clean));
  const bool cut = finish_reason == "length" && !text.analysis.ends_sentence;
  return {{"language", Language(text)},
          {"echo", Echo(text)},
          {"repetition", Repetition(text.analysis, copies)},
          {"piles", Piles(text.analysis)},
          {"truncation", cut ? kTruncated : 1.0},
          {"placeholders", Placeholders(text.analysis)},
          {"chatter", Chatter(text.analysis)},
          {"platform", Platform(text)},
          {"constraints", Constraints(text, lower, constraints)}};
}

}  // namespace assay::evaluator
