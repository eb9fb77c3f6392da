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
  // In lower case, apostrophes as '.
  std::string lower;
  size_t characters = 0;
  bool capital = false;
  bool number = false;
  bool function = false;
  // One of the terms that the analysis was asked to watch.
  bool term = false;
  // Part of a pile of terms that says nothing.
  bool pile = false;
  // What length, relevance, vocabulary and all other lexical dimensions see.
  bool counted = true;
};

// A sentence, or what stands in a line without one.
struct Segment {
  // Words [begin, end) of TextAnalysis::words.
  size_t begin = 0;
  size_t end = 0;
  size_t line = 0;
  bool question = false;
};

enum class LineKind { kPlain, kHeading, kListItem, kCode };

struct Line {
  // Without its mark ("##", "-", "3.").
  std::string_view text;
  LineKind kind = LineKind::kPlain;
  size_t counted_words = 0;
};

struct TextAnalysis {
  std::vector<Line> lines;
  std::vector<Segment> segments;
  std::vector<Word> words;
  // The counted words in lower case, a blank around each, " | " between segments.
  std::string plain;
  size_t counted = 0;
  size_t piled = 0;
  int hashtags = 0;
  int urls = 0;
  int units = 0;
  bool inline_code = false;
  // The last sentence has its end, or the text ends with a link, an emoji or a block of code.
  bool ends_sentence = false;
};

using Stems = std::unordered_set<std::string>;

// `clean` (NormaliseText's) must outlive the result. Words are runs of letters and digits, cut at
// hyphens; hashtags, mentions, links, headings' and list marks and blocks of code are not words.
//
// Not counted are: words of headings; segments of which at least half the words are terms and at
// most a quarter function words; runs of 5 words and more without a function word of which over two
// thirds are terms; and, where the last sentence has no end, its words behind its last function
// word. So terms that are strewn in or hung on gain nothing. O(n).
TextAnalysis AnalyseText(std::string_view clean, const Stems& terms);

// Stems of the single words of `phrases`.
void AddStems(std::span<const std::string> phrases, Stems* stems);

// The lower-case words of a prompt or phrase.
std::vector<std::string> LowerWords(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_TEXT_ANALYSIS_H_
