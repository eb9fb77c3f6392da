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
constexpr size_t kFewestItems = 2;
constexpr size_t kLeastItem = 3;
constexpr size_t kFewestHeadings = 2;
// Counted words under a heading.
constexpr size_t kLeastUnderHeading = 10;
constexpr size_t kGreetingSegments = 3;
constexpr size_t kSignOffSegments = 4;
// Of a greeting up to its comma, and of a sign-off.
constexpr size_t kLongestFormula = 6;
// A call to action begins within so many words of its sentence ("please reply").
constexpr size_t kCallWithin = 3;
constexpr size_t kEndingThird = 3;

using Segments = std::vector<const Segment*>;

// Those that are no piles, where each stands for the first time.
Segments ByFirst(const TextAnalysis& analysis) {
  Segments found;
  for (const Segment& segment : analysis.segments) {
    if (!segment.copy && !segment.pile) found.push_back(&segment);
  }
  return found;
}

// Where each stands for the last time.
Segments ByLast(const TextAnalysis& analysis) {
  Segments found;
  for (const Segment& segment : analysis.segments) {
    if (!segment.copied && !segment.pile) found.push_back(&segment);
  }
  return found;
}

// What was copied to another place makes nothing there.
bool StandsOnce(const Segment& segment) { return !segment.copy && !segment.copied; }

// The words of a segment but for terms, a blank around each.
std::string PlainOf(const TextAnalysis& analysis, const Segment& segment, size_t most) {
  std::string plain = " ";
  size_t taken = 0;
  for (size_t i = segment.begin; i < segment.end && taken < most; ++i) {
    const Word& word = analysis.words[i];
    if (word.term || word.pile || word.idle) continue;
    absl::StrAppend(&plain, word.lower, " ");
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
  const Segments segments = ByFirst(analysis);
  if (segments.empty()) return false;
  const Segment& first = *segments.front();
  if (!StandsOnce(first) || first.end - first.begin > kLongestHook) return false;
  const bool number =
      std::any_of(analysis.words.begin() + static_cast<ptrdiff_t>(first.begin),
                  analysis.words.begin() + static_cast<ptrdiff_t>(first.end),
                  [](const Word& word) { return word.number && !word.pile && !word.idle; });
  return first.question || number ||
         HasAny(PlainOf(analysis, first, kLongestHook), ContrastWords());
}

// One word in a list is no call.
bool HasCall(const TextAnalysis& analysis) {
  const Segments segments = ByFirst(analysis);
  return std::any_of(segments.begin(), segments.end(), [&analysis](const Segment* segment) {
    const bool listed = analysis.lines[segment->line].kind == LineKind::kListItem;
    if (listed && segment->end - segment->begin < kLeastItem) return false;
    return HasAny(PlainOf(analysis, *segment, kCallWithin), ActionVerbs());
  });
}

bool HasParagraphs(const TextAnalysis& analysis) {
  const auto lines = std::count_if(
      analysis.lines.begin(), analysis.lines.end(),
      [](const Line& line) { return line.kind != LineKind::kCode && line.counted_words > 0; });
  if (lines >= kManyParagraphs) return true;
  return lines == kManyParagraphs - 1 && analysis.counted <= kLongestOfTwo;
}

// The words of the phrase that the segment begins with; 0 = with none. The longest counts.
size_t BeginsWith(const TextAnalysis& analysis, const Segment& segment, Phrases phrases) {
  std::string plain;
  for (size_t i = segment.begin; i < std::min(segment.end, segment.begin + kLongestFormula); ++i) {
    absl::StrAppend(&plain, analysis.words[i].lower, " ");
  }
  size_t longest = 0;
  for (const std::string_view phrase : phrases) {
    const std::string text = absl::StrCat(std::string(phrase), " ");
    if (!plain.starts_with(text)) continue;
    longest = std::max(longest, static_cast<size_t>(std::count(text.begin(), text.end(), ' ')));
  }
  return longest;
}

// What stands behind a word: a blank where the text ends.
char Behind(const TextAnalysis& analysis, const Segment& segment, size_t word) {
  const std::string_view text = analysis.words[word].text;
  const char* end = text.data() + text.size();
  return end < segment.text.data() + segment.text.size() ? *end : '\n';
}

// "Hi Anna," and what goes on behind it; "Hello!".
bool IsGreeting(const TextAnalysis& analysis, const Segment& segment) {
  const size_t words = BeginsWith(analysis, segment, Greetings());
  if (words == 0) return false;
  for (size_t i = segment.begin + words - 1;
       i < std::min(segment.end, segment.begin + kLongestFormula); ++i) {
    const char next = Behind(analysis, segment, i);
    if (next == ',' || next == ':' || next == '!' || next == '\n') return true;
  }
  return false;
}

// "Best regards, Anna", "Thanks!"; not "Best practice is to measure".
bool IsSignOff(const TextAnalysis& analysis, const Segment& segment) {
  const size_t words = BeginsWith(analysis, segment, SignOffs());
  const size_t all = segment.end - segment.begin;
  if (words == 0 || all > kLongestFormula) return false;
  const char next = Behind(analysis, segment, segment.begin + words - 1);
  return next == ',' || next == '!' || next == '.' || next == '\n';
}

// One of the first.
bool AnyFirst(const TextAnalysis& analysis,
              bool (*is)(const TextAnalysis& analysis, const Segment& segment)) {
  const Segments segments = ByFirst(analysis);
  const size_t most = std::min(segments.size(), kGreetingSegments);
  return std::any_of(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(most),
                     [&](const Segment* s) { return StandsOnce(*s) && is(analysis, *s); });
}

bool HasSignOff(const TextAnalysis& analysis) {
  const Segments segments = ByLast(analysis);
  const size_t most = std::min(segments.size(), kSignOffSegments);
  return std::any_of(segments.end() - static_cast<ptrdiff_t>(most), segments.end(),
                     [&](const Segment* s) { return StandsOnce(*s) && IsSignOff(analysis, *s); });
}

// "Subject: ...".
bool IsSubject(const TextAnalysis& analysis, const Segment& segment) {
  return segment.end - segment.begin > 1 && analysis.words[segment.begin].lower == "subject" &&
         Behind(analysis, segment, segment.begin) == ':';
}

bool HasConclusion(const TextAnalysis& analysis) {
  Segments segments = ByLast(analysis);
  std::erase_if(segments, [](const Segment* segment) { return !segment->says; });
  const size_t third = (segments.size() + 2) / kEndingThird;
  return std::any_of(segments.end() - static_cast<ptrdiff_t>(third), segments.end(),
                     [&](const Segment* s) {
                       return StandsOnce(*s) &&
                              HasAny(PlainOf(analysis, *s, s->end - s->begin), ConclusionPhrases());
                     });
}

// With something to say under each.
bool HasHeadings(const TextAnalysis& analysis) {
  size_t headings = 0;
  for (size_t i = 0; i < analysis.lines.size(); ++i) {
    if (analysis.lines[i].kind != LineKind::kHeading || analysis.lines[i].idle) continue;
    size_t words = 0;
    for (size_t k = i + 1;
         k < analysis.lines.size() && analysis.lines[k].kind != LineKind::kHeading; ++k) {
      words += analysis.lines[k].counted_words;
    }
    if (words >= kLeastUnderHeading) ++headings;
  }
  return headings >= kFewestHeadings;
}

// By line: its words, but for piles and what stands elsewhere too.
std::vector<size_t> WordsByLine(const TextAnalysis& analysis) {
  std::vector<size_t> words(analysis.lines.size(), 0);
  for (const Segment& segment : analysis.segments) {
    if (segment.pile || !StandsOnce(segment)) continue;
    words[segment.line] += segment.end - segment.begin;
  }
  return words;
}

bool HasList(const TextAnalysis& analysis) {
  const std::vector<size_t> words = WordsByLine(analysis);
  size_t items = 0;
  for (size_t i = 0; i < analysis.lines.size(); ++i) {
    if (analysis.lines[i].kind == LineKind::kListItem && words[i] >= kLeastItem) ++items;
  }
  return items >= kFewestItems;
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
        return absl::StrContains(analysis.plain, absl::StrCat(" ", std::string(phrase), " "));
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
      return AnyFirst(analysis, IsSubject);
    case Element::kGreeting:
      return AnyFirst(analysis, IsGreeting);
    case Element::kSignOff:
      return HasSignOff(analysis);
    case Element::kConclusion:
      return HasConclusion(analysis);
  }
  return false;
}

}  // namespace assay::evaluator
