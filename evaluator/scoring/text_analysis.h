// The analysis of a text into lines, sentences and words, and which of the words count.
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
  // The word as written in the text.
  std::string_view text;
  // The word in lower case, with curly apostrophes replaced by '.
  std::string lower;
  size_t characters = 0;
  bool capital = false;
  bool number = false;
  bool function = false;
  // True for a watched term.
  bool term = false;
  // True for a content word of the prompt that is neither a number nor a unit.
  bool from_prompt = false;
  // True for a word of a keyword cluster.
  bool in_cluster = false;
  // True for a word of a run that only repeats the prompt's words.
  bool in_prompt_run = false;
  // True if length, relevance, diversity and all other lexical dimensions see the word. Terms are
  // never counted, because each stuffed keyword would otherwise raise the score.
  bool counted = false;
  // True for a term that is used among other words of a sentence. It counts as vocabulary and
  // authority.
  bool credited = false;
};

// A sentence, or a part of a line without an end of sentence.
struct Segment {
  // The words [begin, end) of TextAnalysis::words.
  size_t begin = 0;
  size_t end = 0;
  size_t line = 0;
  // The text from the end of the previous segment of the line.
  std::string_view text;
  bool question = false;
  // True if the segment ends with a sentence mark.
  bool terminated = false;
  // The number of signs that make a number concrete, such as "%".
  int units = 0;
  // True if an earlier segment has the same words; true if a later one has.
  bool copy = false;
  bool copied_later = false;
  // True if every word is part of a keyword cluster.
  bool is_cluster = false;
  // True if the segment has counted words or is a copy of one that has.
  bool has_content = false;
};

enum class LineKind { kPlain, kHeading, kListItem, kCode };

struct Line {
  // The text without its mark ("##", "-", "3.").
  std::string_view text;
  LineKind kind = LineKind::kPlain;
  // The number of counted words in sentences that occur only here.
  size_t counted_words = 0;
  // True if the line only repeats earlier sentences or only has keyword clusters.
  bool redundant = false;
};

struct TextAnalysis {
  std::vector<Line> lines;
  std::vector<Segment> segments;
  std::vector<Word> words;
  // The text for phrase search: the counted and credited words in lower case with a blank around
  // each, " _ " for each run of other words, and " | " between segments.
  std::string searchable;
  // The number of counted words.
  size_t counted = 0;
  // The number of words outside copies of sentences.
  size_t words_without_copies = 0;
  // The number of words in keyword clusters, outside copies.
  size_t cluster_words = 0;
  int hashtags = 0;
  bool inline_code = false;
  // True if the text ends with a complete sentence (judged by the last sentence and by the last one
  // that is not a copy), a link, an emoji or a code block.
  bool ends_sentence = false;
};

using Stems = std::unordered_set<std::string>;

// The stems that an analysis marks.
struct WatchedStems {
  const Stems& terms;
  // Content words of the prompt.
  const Stems& prompt;
};

// Analyzes `clean`, which must come from NormalizeText and must outlive the result. Words are runs
// of letters and digits, split at hyphens. Hashtags, mentions, links, the marks of headings and
// lists, and code blocks are not words. A line continues if the next one begins with a lower-case
// letter.
//
// These words are not counted:
// - terms;
// - words of headings;
// - copies of a sentence;
// - sentences and lines with fewer than three words besides terms;
// - sentences with at least four terms that make up three quarters of their content words;
// - keyword clusters: segments in which at least half of the words are terms and at most a quarter
//   are function words, and runs without a function word of at least 5 words of which over two
//   thirds are terms;
// - runs without a function word of at least 5 words of which over two thirds are the prompt's;
// - if the last sentence is incomplete, its words after its last function word.
//
// A term is credited if it is neither the first nor the last word of its segment and both of its
// neighbors are counted words. Keywords that are inserted, appended or listed therefore gain
// nothing. O(n).
TextAnalysis AnalyzeText(std::string_view clean, const WatchedStems& watched);

// Adds the stems of the words of `phrases`, except for function words.
void AddStems(std::span<const std::string> phrases, Stems* stems);

// Returns the lower-case words of a prompt or phrase.
std::vector<std::string> LowerWords(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_TEXT_ANALYSIS_H_
