// A text taken apart: lines, sentences, words, and which of the words count.
#ifndef ASSAY_EVALUATOR_SCORING_TEXT_ANALYSIS_H_
#define ASSAY_EVALUATOR_SCORING_TEXT_ANALYSIS_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace assay::evaluator {

struct Word {
  // As it stands in the text.
  std::string_view text;
  // In lower case, apostrophes as '.
  std::string lower;
  size_t characters = 0;
  bool capital = false;
  bool number = false;
  bool function = false;
  // One of the terms that the analysis was asked to watch.
  bool term = false;
  // One of the prompt's words.
  bool asked = false;
  // Part of a pile of terms that says nothing.
  bool pile = false;
  // Part of a run of the prompt's words that says nothing.
  bool idle = false;
  // What length, relevance, diversity and all other lexical dimensions see. Terms never are:
  // whoever strews them in would gain by every one.
  bool counted = false;
  // A term that stands among other words of a sentence: it counts as vocabulary and authority.
  bool credited = false;
};

// A sentence, or what stands in a line without one.
struct Segment {
  // Words [begin, end) of TextAnalysis::words.
  size_t begin = 0;
  size_t end = 0;
  size_t line = 0;
  // From the end of the one before, in its line.
  std::string_view text;
  bool question = false;
  // It has its full stop, or what may stand for one.
  bool ended = false;
  // Of the signs that make a number concrete, "%".
  int units = 0;
  // It stands in the text before, word by word; it comes again.
  bool copy = false;
  bool copied = false;
  // Every word of it is part of a pile.
  bool pile = false;
  // It has counted words, or is a copy of one that has.
  bool says = false;
};

enum class LineKind { kPlain, kHeading, kListItem, kCode };

struct Line {
  // Without its mark ("##", "-", "3.").
  std::string_view text;
  LineKind kind = LineKind::kPlain;
  // Counted words of sentences that stand nowhere else.
  size_t counted_words = 0;
  // It says the same as a line before, or nothing but terms.
  bool idle = false;
};

struct TextAnalysis {
  std::vector<Line> lines;
  std::vector<Segment> segments;
  std::vector<Word> words;
  // The counted and credited words in lower case, a blank around each, " _ " for a run of others,
  // " | " between segments.
  std::string plain;
  size_t counted = 0;
  // Words of all sentences and lines, each once.
  size_t once = 0;
  size_t piled = 0;
  int hashtags = 0;
  bool inline_code = false;
  // The last sentence has its end, and so has the last before copies of others, or the text ends
  // with a link, an emoji or a block of code.
  bool ends_sentence = false;
};

using Stems = std::unordered_set<std::string>;

// What an analysis looks out for.
struct Watch {
  const Stems& terms;
  // Content words of the prompt.
  const Stems& asked;
};

// `clean` (NormalizeText's) must outlive the result. Words are runs of letters and digits, cut at
// hyphens; hashtags, mentions, links, headings' and list marks and blocks of code are not words. A
// line that goes on with a small letter in the next is one line.
//
// Not counted are: terms; words of headings; copies of a sentence; sentences and lines of fewer
// than three words beside terms; sentences of at least four terms that make up three quarters of
// their content words; piles; runs of 5 words and more without a function word of which over two
// thirds are the prompt's; and, where the last sentence has no end, its words behind its last
// function word. Piles are segments of which at least half the words are terms and at most a
// quarter function words, and such runs of terms. A term is credited that is neither the first nor
// the last word of a counted sentence and stands beside no other term. So terms that are strewn in,
// hung on or listed gain nothing. O(n).
TextAnalysis AnalyzeText(std::string_view clean, const Watch& watch);

// Stems of the single words of `phrases`.
void AddStems(std::span<const std::string> phrases, Stems* stems);

// The lower-case words of a prompt or phrase.
std::vector<std::string> LowerWords(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_TEXT_ANALYSIS_H_
