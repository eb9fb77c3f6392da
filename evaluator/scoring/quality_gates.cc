// Implementation of the quality gates; docs/explanation/scoring.md documents each formula.
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
#include "evaluator/sense/language.h"

namespace assay::evaluator {
namespace {

// Fractions of function words: a text is not in a language up to the first and is from the second.
constexpr double kNotInLanguage = 0.1;
constexpr double kInLanguage = 0.22;
// The factor of a text in another language than its prompt.
constexpr double kForeign = 0.4;
// With this fraction of invalid UTF-8 the gate is 0.
constexpr double kMaxInvalid = 0.1;
constexpr char32_t kReplacement = 0xFFFD;
// Fractions of the text that repeat the prompt: quotes up to the first, a mere echo from the
// second.
constexpr double kQuotes = 0.4;
constexpr double kEchoes = 0.8;
constexpr double kEchoFactor = 0.15;
// Fractions of distinct runs of three words: a loop up to the first, no repetition from the second.
constexpr double kLoops = 0.3;
constexpr double kFresh = 0.75;
constexpr size_t kRun = 3;
constexpr size_t kMinRuns = 20;
constexpr double kTruncated = 0.75;
constexpr double kPlaceholder = 0.6;
constexpr double kChatter = 0.85;
constexpr double kTooLong = 0.5;
constexpr double kMissingAll = 0.5;
constexpr size_t kChatterBytes = 80;

// The first words of placeholders: "[Your Name]", "[Company]".
constexpr auto kPlaceholderWords = std::to_array<std::string_view>(
    {"your",  "my",       "name",     "company",   "insert",    "client", "date",   "link",
     "phone", "product",  "email",    "recipient", "customer",  "city",   "number", "brand",
     "title", "business", "topic",    "website",   "address",   "first",  "last",   "contact",
     "time",  "location", "position", "amount",    "signature", "sender", "zip",    "event"});
constexpr size_t kMaxPlaceholderBytes = 60;

constexpr auto kFillers = std::to_array<std::string_view>(
    {"lorem ipsum", "<your", "<name", "<insert", "insert your", "insert name", "insert here",
     "your name here", "xxxx", "<|im_", "<|endoftext", "[inst]"});

// Rises linearly from 0 at `from` to 1 at `to`.
double Ramp(double value, double from, double to) {
  return std::clamp((value - from) / (to - from), 0.0, 1.0);
}

// Returns the fraction of characters that were invalid UTF-8.
double InvalidFraction(std::string_view clean) {
  double invalid = 0;
  double all = 0;
  for (; !clean.empty(); ++all) {
    const CodePoint c = FirstCodePoint(clean);
    if (c.value == kReplacement) ++invalid;
    clean.remove_prefix(c.bytes);
  }
  return all == 0 ? 0 : invalid / all;
}

// Returns the fraction of English function words. Copies of a sentence are left out, because they
// would dilute the rest.
double EnglishShare(const TextAnalysis& analysis) {
  size_t words = 0;
  size_t functions = 0;
  for (const Segment& segment : analysis.segments) {
    if (segment.copy) continue;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      ++words;
      functions += analysis.words[i].function ? 1 : 0;
    }
  }
  return words == 0 ? 0 : static_cast<double>(functions) / static_cast<double>(words);
}

double Language(const ParsedText& text) {
  const double valid = 1 - Ramp(InvalidFraction(text.clean), 0, kMaxInvalid);
  if (text.analysis.words.empty()) return 0;
  std::string_view expected = text.prompt.language;
  if (expected.empty()) expected = text.language;
  if (expected.empty()) {
    // Neither is in a language with a list of function words: nothing can be said.
    if (!text.prompt.may_be_english) return valid;
    expected = kEnglishCode;
  }
  if (!text.language.empty() && text.language != expected) return valid * kForeign;
  const double share = expected == kEnglishCode ? EnglishShare(text.analysis)
                                                : FunctionWordShare(text.clean, expected);
  return valid * Ramp(share, kNotInLanguage, kInLanguage);
}

// Uses runs of counted words and of copies within sentences, so that neither terms nor copies
// dilute a loop.
double Repetition(const TextAnalysis& analysis, int copies) {
  const double per_copy = 1.0 / copies;
  std::unordered_set<std::string> distinct;
  size_t runs = 0;
  for (const Segment& segment : analysis.segments) {
    std::vector<std::string_view> words;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      const Word& word = analysis.words[i];
      if (word.counted || (segment.copy && !word.in_cluster && !word.term)) {
        words.push_back(word.lower);
      }
    }
    for (size_t i = 0; i + kRun <= words.size(); ++i) {
      std::string run;
      for (size_t k = i; k < i + kRun; ++k) run.append(words[k]).append(" ");
      distinct.insert(std::move(run));
      ++runs;
    }
  }
  if (runs < kMinRuns) return per_copy;
  return per_copy *
         Ramp(static_cast<double>(distinct.size()) / static_cast<double>(runs), kLoops, kFresh);
}

// Returns the fraction of words outside keyword clusters. Copies and single terms are left out.
double KeywordClusters(const TextAnalysis& analysis) {
  size_t others = 0;
  for (const Segment& segment : analysis.segments) {
    if (segment.copy) continue;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      const Word& word = analysis.words[i];
      others += word.in_cluster || word.term ? 0 : 1;
    }
  }
  if (analysis.cluster_words == 0) return 1;
  return static_cast<double>(others) / static_cast<double>(others + analysis.cluster_words);
}

double Echo(const ParsedText& text) {
  return 1 - (1 - kEchoFactor) * Ramp(EchoFraction(text), kQuotes, kEchoes);
}

// Returns the text in lower case without code blocks and inline code, which may contain brackets.
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

// True if the text has a bracketed placeholder. A Markdown link, "[my article](https://...)", is
// not one.
bool HasPlaceholder(std::string_view prose) {
  for (size_t at = prose.find('['); at != std::string_view::npos; at = prose.find('[', at + 1)) {
    const std::string_view rest = prose.substr(at + 1, kMaxPlaceholderBytes);
    const size_t end = rest.find(']');
    if (end == std::string_view::npos || prose.substr(at + end + 2).starts_with('(')) continue;
    std::vector<std::string> words = LowerWords(rest.substr(0, end));
    if (!words.empty() && words.front().ends_with("'s")) {
      words.front().resize(words.front().size() - 2);
    }
    if (!words.empty() && std::find(kPlaceholderWords.begin(), kPlaceholderWords.end(),
                                    words.front()) != kPlaceholderWords.end()) {
      return true;
    }
  }
  const size_t open = prose.find("{{");
  return open != std::string_view::npos && prose.find("}}", open) != std::string_view::npos;
}

double Placeholders(const TextAnalysis& analysis) {
  const std::string prose = Prose(analysis);
  const bool any = HasPlaceholder(prose) ||
                   std::any_of(kFillers.begin(), kFillers.end(), [&prose](std::string_view mark) {
                     return absl::StrContains(prose, std::string(mark));
                   });
  return any ? kPlaceholder : 1;
}

// Checks the first words of the first sentence that is not a keyword cluster.
double Chatter(const TextAnalysis& analysis) {
  const auto first = std::find_if(analysis.segments.begin(), analysis.segments.end(),
                                  [](const Segment& segment) { return !segment.is_cluster; });
  if (first == analysis.segments.end()) return 1;
  std::string begin;
  for (size_t i = first->begin; i < first->end && begin.size() < kChatterBytes; ++i) {
    const Word& word = analysis.words[i];
    if (!word.term && !word.in_prompt_run) absl::StrAppend(&begin, word.lower, " ");
  }
  const Phrases stale = StalePhrases();
  const bool chats = std::any_of(stale.begin(), stale.end(), [&begin](std::string_view phrase) {
    return begin.starts_with(absl::StrCat(std::string(phrase), " "));
  });
  return chats ? kChatter : 1;
}

double Platform(const ParsedText& text) {
  if (text.profile.platform_limit == 0) return 1;
  const int64_t length = text.profile.unit == LengthUnit::kTweetCharacters
                             ? TweetLength(text.clean)
                             : CountCodePoints(text.clean);
  return length > text.profile.platform_limit ? kTooLong : 1;
}

double Constraints(const ParsedText& text, const std::string& lower,
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

std::vector<QualityGate> ComputeQualityGates(const ParsedText& text, int copies,
                                             std::string_view finish_reason,
                                             const PromptConstraints& constraints) {
  const std::string lower = absl::AsciiStrToLower(std::string(text.clean));
  const bool cut = finish_reason == "length" && !text.analysis.ends_sentence;
  return {{.name = "language",
           .factor = Language(text),
           .meaning = "the text is not in the prompt's language, or has few function words of it"},
          {.name = "echo", .factor = Echo(text), .meaning = "the text repeats its prompt"},
          {.name = "repetition",
           .factor = Repetition(text.analysis, copies),
           .meaning = "the text repeats itself"},
          {.name = "piles",
           .factor = KeywordClusters(text.analysis),
           .meaning = "the text has clusters of keywords"},
          {.name = "truncation",
           .factor = cut ? kTruncated : 1.0,
           .meaning = "the token limit ended the text before its last sentence ended"},
          {.name = "placeholders",
           .factor = Placeholders(text.analysis),
           .meaning = "the text has placeholders or marks of a chat template"},
          {.name = "chatter",
           .factor = Chatter(text.analysis),
           .meaning = "the text begins with words about itself or its writer"},
          {.name = "platform",
           .factor = Platform(text),
           .meaning = "the text is longer than the platform accepts"},
          {.name = "constraints",
           .factor = Constraints(text, lower, constraints),
           .meaning = "the text breaks the prompt's limit of length or leaves out required words"}};
}

}  // namespace assay::evaluator
