// Implementation of the search for structural elements.
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

constexpr size_t kMaxHookWords = 20;
constexpr int64_t kMinParagraphs = 3;
// Texts of at most this many counted words need one paragraph less.
constexpr size_t kMaxShortText = 80;
constexpr size_t kMinItems = 2;
constexpr size_t kMinItemWords = 3;
constexpr size_t kMinHeadings = 2;
// The number of counted words under a heading.
constexpr size_t kMinWordsUnderHeading = 10;
constexpr size_t kGreetingSegments = 3;
constexpr size_t kSignOffSegments = 4;
// The number of words of a greeting up to its comma, and of a sign-off.
constexpr size_t kMaxFormulaWords = 6;
// A call to action has its verb among the first words of its sentence ("please reply").
constexpr size_t kCallWords = 3;
constexpr size_t kEndingThird = 3;

using Segments = std::vector<const Segment*>;

// Returns the first occurrence of each segment, without keyword clusters.
Segments FirstOccurrences(const TextAnalysis& analysis) {
  Segments found;
  for (const Segment& segment : analysis.segments) {
    if (!segment.copy && !segment.is_cluster) found.push_back(&segment);
  }
  return found;
}

// Returns the last occurrence of each segment, without keyword clusters.
Segments LastOccurrences(const TextAnalysis& analysis) {
  Segments found;
  for (const Segment& segment : analysis.segments) {
    if (!segment.copied_later && !segment.is_cluster) found.push_back(&segment);
  }
  return found;
}

// True if the segment occurs only once. A copied segment forms no element.
bool IsUnique(const Segment& segment) { return !segment.copy && !segment.copied_later; }

// Returns up to `max_words` words of a segment without terms, with a blank around each.
std::string SearchableWords(const TextAnalysis& analysis, const Segment& segment,
                            size_t max_words) {
  std::string searchable = " ";
  size_t count = 0;
  for (size_t i = segment.begin; i < segment.end && count < max_words; ++i) {
    const Word& word = analysis.words[i];
    if (word.term || word.in_cluster || word.in_prompt_run) continue;
    absl::StrAppend(&searchable, word.lower, " ");
    ++count;
  }
  return searchable;
}

bool HasAny(const std::string& searchable, Phrases phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&searchable](std::string_view phrase) {
    return absl::StrContains(searchable, absl::StrCat(" ", std::string(phrase), " "));
  });
}

bool HasHook(const TextAnalysis& analysis) {
  const Segments segments = FirstOccurrences(analysis);
  if (segments.empty()) return false;
  const Segment& first = *segments.front();
  if (!IsUnique(first) || first.end - first.begin > kMaxHookWords) return false;
  const bool number = std::any_of(
      analysis.words.begin() + static_cast<ptrdiff_t>(first.begin),
      analysis.words.begin() + static_cast<ptrdiff_t>(first.end),
      [](const Word& word) { return word.number && !word.in_cluster && !word.in_prompt_run; });
  return first.question || number ||
         HasAny(SearchableWords(analysis, first, kMaxHookWords), ContrastWords());
}

// A list item of one or two words is not a call to action.
bool HasCall(const TextAnalysis& analysis) {
  const Segments segments = FirstOccurrences(analysis);
  return std::any_of(segments.begin(), segments.end(), [&analysis](const Segment* segment) {
    const bool listed = analysis.lines[segment->line].kind == LineKind::kListItem;
    if (listed && segment->end - segment->begin < kMinItemWords) return false;
    return HasAny(SearchableWords(analysis, *segment, kCallWords), ActionVerbs());
  });
}

bool HasParagraphs(const TextAnalysis& analysis) {
  const auto lines = std::count_if(
      analysis.lines.begin(), analysis.lines.end(),
      [](const Line& line) { return line.kind != LineKind::kCode && line.counted_words > 0; });
  if (lines >= kMinParagraphs) return true;
  return lines == kMinParagraphs - 1 && analysis.counted <= kMaxShortText;
}

// Returns the number of words of the longest of `phrases` that the segment begins with; 0 if none.
size_t LeadingPhraseWords(const TextAnalysis& analysis, const Segment& segment, Phrases phrases) {
  std::string beginning;
  for (size_t i = segment.begin; i < std::min(segment.end, segment.begin + kMaxFormulaWords); ++i) {
    absl::StrAppend(&beginning, analysis.words[i].lower, " ");
  }
  size_t longest = 0;
  for (const std::string_view phrase : phrases) {
    const std::string text = absl::StrCat(std::string(phrase), " ");
    if (!beginning.starts_with(text)) continue;
    longest = std::max(longest, static_cast<size_t>(std::count(text.begin(), text.end(), ' ')));
  }
  return longest;
}

// Returns the character after a word, or a line feed if the segment ends there.
char CharacterAfter(const TextAnalysis& analysis, const Segment& segment, size_t word) {
  const std::string_view text = analysis.words[word].text;
  const char* end = text.data() + text.size();
  return end < segment.text.data() + segment.text.size() ? *end : '\n';
}

// Accepts "Hi Anna," with any text after it, and "Hello!".
bool IsGreeting(const TextAnalysis& analysis, const Segment& segment) {
  const size_t words = LeadingPhraseWords(analysis, segment, Greetings());
  if (words == 0) return false;
  for (size_t i = segment.begin + words - 1;
       i < std::min(segment.end, segment.begin + kMaxFormulaWords); ++i) {
    const char next = CharacterAfter(analysis, segment, i);
    if (next == ',' || next == ':' || next == '!' || next == '\n') return true;
  }
  return false;
}

// Accepts "Best regards, Anna" and "Thanks!", but not "Best practice is to measure".
bool IsSignOff(const TextAnalysis& analysis, const Segment& segment) {
  const size_t words = LeadingPhraseWords(analysis, segment, SignOffs());
  const size_t all = segment.end - segment.begin;
  if (words == 0 || all > kMaxFormulaWords) return false;
  const char next = CharacterAfter(analysis, segment, segment.begin + words - 1);
  return next == ',' || next == '!' || next == '.' || next == '\n';
}

// True if one of the first segments satisfies `is`.
bool AnyOpeningSegment(const TextAnalysis& analysis,
                       bool (*is)(const TextAnalysis& analysis, const Segment& segment)) {
  const Segments segments = FirstOccurrences(analysis);
  const size_t count = std::min(segments.size(), kGreetingSegments);
  return std::any_of(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(count),
                     [&](const Segment* s) { return IsUnique(*s) && is(analysis, *s); });
}

bool HasSignOff(const TextAnalysis& analysis) {
  const Segments segments = LastOccurrences(analysis);
  const size_t count = std::min(segments.size(), kSignOffSegments);
  return std::any_of(segments.end() - static_cast<ptrdiff_t>(count), segments.end(),
                     [&](const Segment* s) { return IsUnique(*s) && IsSignOff(analysis, *s); });
}

bool IsSubject(const TextAnalysis& analysis, const Segment& segment) {
  return segment.end - segment.begin > 1 && analysis.words[segment.begin].lower == "subject" &&
         CharacterAfter(analysis, segment, segment.begin) == ':';
}

bool HasConclusion(const TextAnalysis& analysis) {
  Segments segments = LastOccurrences(analysis);
  std::erase_if(segments, [](const Segment* segment) { return !segment->has_content; });
  const size_t third = (segments.size() + 2) / kEndingThird;
  return std::any_of(
      segments.end() - static_cast<ptrdiff_t>(third), segments.end(), [&](const Segment* s) {
        return IsUnique(*s) &&
               HasAny(SearchableWords(analysis, *s, s->end - s->begin), ConclusionPhrases());
      });
}

bool HasHeadings(const TextAnalysis& analysis) {
  size_t headings = 0;
  for (size_t i = 0; i < analysis.lines.size(); ++i) {
    if (analysis.lines[i].kind != LineKind::kHeading || analysis.lines[i].redundant) continue;
    size_t words = 0;
    for (size_t k = i + 1;
         k < analysis.lines.size() && analysis.lines[k].kind != LineKind::kHeading; ++k) {
      words += analysis.lines[k].counted_words;
    }
    if (words >= kMinWordsUnderHeading) ++headings;
  }
  return headings >= kMinHeadings;
}

// Returns the number of words per line, without keyword clusters and segments that occur more than
// once.
std::vector<size_t> WordsByLine(const TextAnalysis& analysis) {
  std::vector<size_t> words(analysis.lines.size(), 0);
  for (const Segment& segment : analysis.segments) {
    if (segment.is_cluster || !IsUnique(segment)) continue;
    words[segment.line] += segment.end - segment.begin;
  }
  return words;
}

bool HasList(const TextAnalysis& analysis) {
  const std::vector<size_t> words = WordsByLine(analysis);
  size_t items = 0;
  for (size_t i = 0; i < analysis.lines.size(); ++i) {
    if (analysis.lines[i].kind == LineKind::kListItem && words[i] >= kMinItemWords) ++items;
  }
  return items >= kMinItems;
}

bool HasCode(const TextAnalysis& analysis) {
  return analysis.inline_code ||
         std::any_of(analysis.lines.begin(), analysis.lines.end(),
                     [](const Line& line) { return line.kind == LineKind::kCode; });
}

}  // namespace

double CountPhrases(const TextAnalysis& analysis, Phrases phrases) {
  return static_cast<double>(
      std::count_if(phrases.begin(), phrases.end(), [&analysis](std::string_view phrase) {
        return absl::StrContains(analysis.searchable, absl::StrCat(" ", std::string(phrase), " "));
      }));
}

bool HasElement(const TextAnalysis& analysis, Element element) {
  switch (element) {
    case Element::kHook:
      return HasHook(analysis);
    case Element::kCallToAction:
      return HasCall(analysis);
    case Element::kParagraphs:
      return HasParagraphs(analysis);
    case Element::kHeadings:
      return HasHeadings(analysis);
    case Element::kList:
      return HasList(analysis);
    case Element::kCode:
      return HasCode(analysis);
    case Element::kSubject:
      return AnyOpeningSegment(analysis, IsSubject);
    case Element::kGreeting:
      return AnyOpeningSegment(analysis, IsGreeting);
    case Element::kSignOff:
      return HasSignOff(analysis);
    case Element::kConclusion:
      return HasConclusion(analysis);
  }
  return false;
}

}  // namespace assay::evaluator
