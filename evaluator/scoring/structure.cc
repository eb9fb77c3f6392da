// Looks for elements.
#include "evaluator/scoring/structure.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace assay::evaluator {
namespace {

constexpr size_t kLongestHook = 20;
constexpr int64_t kManyParagraphs = 3;
constexpr size_t kLongestOfTwo = 80;
constexpr int64_t kFewestItems = 2;
constexpr size_t kGreetingLines = 3;
constexpr size_t kSignOffLines = 4;
// A call to action begins within so many words of its sentence ("please reply").
constexpr size_t kCallWithin = 3;
constexpr size_t kEndingThird = 3;

// The counted words of a segment, a blank around each.
std::string PlainOf(const TextAnalysis& analysis, const Segment& segment, size_t most) {
  std::string plain = " ";
  size_t taken = 0;
  for (size_t i = segment.begin; i < segment.end && taken < most; ++i) {
    if (!analysis.words[i].counted) continue;
    absl::StrAppend(&plain, analysis.words[i].lower, " ");
    ++taken;
  }
  return plain;
}

bool HasAny(const std::string& plain, Phrases phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&plain](std::string_view phrase) {
    return absl::StrContains(plain, absl::StrCat(" ", std::string(phrase), " "));
  });
}

bool HasHook(const TextAnalysis& analysis) {
  if (analysis.segments.empty()) return false;
  const Segment& first = analysis.segments.front();
  if (first.end - first.begin > kLongestHook) return false;
  const bool number = std::any_of(analysis.words.begin() + static_cast<ptrdiff_t>(first.begin),
                                  analysis.words.begin() + static_cast<ptrdiff_t>(first.end),
                                  [](const Word& word) { return word.counted && word.number; });
  return first.question || number ||
         HasAny(PlainOf(analysis, first, kLongestHook), ContrastWords());
}

bool HasCall(const TextAnalysis& analysis) {
  return std::any_of(analysis.segments.begin(), analysis.segments.end(),
                     [&analysis](const Segment& segment) {
                       return HasAny(PlainOf(analysis, segment, kCallWithin), ActionVerbs());
                     });
}

bool HasParagraphs(const TextAnalysis& analysis) {
  const auto lines = std::count_if(
      analysis.lines.begin(), analysis.lines.end(),
      [](const Line& line) { return line.kind != LineKind::kCode && line.counted_words > 0; });
  if (lines >= kManyParagraphs) return true;
  return lines == kManyParagraphs - 1 && analysis.counted <= kLongestOfTwo;
}

bool LineBegins(std::string_view line, Phrases phrases) {
  const std::string lower = absl::AsciiStrToLower(std::string(line));
  return std::any_of(phrases.begin(), phrases.end(), [&lower](std::string_view phrase) {
    if (!lower.starts_with(phrase)) return false;
    return lower.size() == phrase.size() || !absl::ascii_isalnum(lower[phrase.size()]);
  });
}

bool AnyLineBegins(const TextAnalysis& analysis, size_t begin, size_t end, Phrases phrases) {
  for (size_t i = begin; i < std::min(end, analysis.lines.size()); ++i) {
    if (LineBegins(analysis.lines[i].text, phrases)) return true;
  }
  return false;
}

bool HasSubject(const TextAnalysis& analysis) {
  return std::any_of(analysis.lines.begin(), analysis.lines.end(), [](const Line& line) {
    std::string lower = absl::AsciiStrToLower(std::string(line.text));
    lower.erase(std::remove(lower.begin(), lower.end(), '*'), lower.end());
    constexpr std::string_view kMark = "subject:";
    return lower.starts_with(kMark) && lower.size() > kMark.size() + 1;
  });
}

bool HasConclusion(const TextAnalysis& analysis) {
  const size_t begin = analysis.segments.size() - (analysis.segments.size() + 2) / kEndingThird;
  for (size_t i = begin; i < analysis.segments.size(); ++i) {
    const Segment& segment = analysis.segments[i];
    if (HasAny(PlainOf(analysis, segment, segment.end - segment.begin), ConclusionPhrases())) {
      return true;
    }
  }
  return false;
}

int64_t CountKind(const TextAnalysis& analysis, LineKind kind) {
  return std::count_if(analysis.lines.begin(), analysis.lines.end(),
                       [kind](const Line& line) { return line.kind == kind; });
}

}  // namespace

double CountPhrases(const TextAnalysis& analysis, Phrases phrases) {
  return static_cast<double>(
      std::count_if(phrases.begin(), phrases.end(), [&analysis](std::string_view phrase) {
        return absl::StrContains(analysis.plain, absl::StrCat(" ", std::string(phrase), " "));
      }));
}

bool HasElement(const TextAnalysis& analysis, Element element) {
  const size_t lines = analysis.lines.size();
  switch (element) {
    case Element::kHook:
      return HasHook(analysis);
    case Element::kCallToAction:
      return HasCall(analysis);
    case Element::kParagraphs:
      return HasParagraphs(analysis);
    case Element::kHeadings:
      return CountKind(analysis, LineKind::kHeading) > 0;
    case Element::kList:
      return CountKind(analysis, LineKind::kListItem) >= kFewestItems;
    case Element::kCode:
      return analysis.inline_code || CountKind(analysis, LineKind::kCode) > 0;
    case Element::kSubject:
      return HasSubject(analysis);
    case Element::kGreeting:
      return AnyLineBegins(analysis, 0, kGreetingLines, Greetings());
    case Element::kSignOff:
      return AnyLineBegins(analysis, lines - std::min(lines, kSignOffLines), lines, SignOffs());
    case Element::kConclusion:
      return !analysis.segments.empty() && HasConclusion(analysis);
  }
  return false;
}

}  // namespace assay::evaluator
