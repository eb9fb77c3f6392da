// Implementation of the text analysis.
#include "evaluator/scoring/text_analysis.h"

#include <algorithm>
#include <optional>
#include <span>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "evaluator/scoring/clean_text.h"
#include "evaluator/scoring/tokens.h"
#include "evaluator/scoring/word_lists.h"

namespace assay::evaluator {
namespace {

// The smallest run of words that can be a keyword cluster.
constexpr size_t kMinRunWords = 5;
// A segment is a keyword cluster with at least one term per kWordsPerTerm words and at most one
// function word per kWordsPerFunctionWord words.
constexpr size_t kWordsPerTerm = 2;
constexpr size_t kWordsPerFunctionWord = 4;
// The smallest number of words, besides terms, of a sentence that counts.
constexpr size_t kMinSentenceWords = 3;
// A sentence is crowded, and does not count, with at least kMinCrowdTerms terms that make up
// kCrowdedTerms in kCrowdedOf of its content words.
constexpr size_t kMinCrowdTerms = 4;
constexpr size_t kCrowdedTerms = 3;
constexpr size_t kCrowdedOf = 4;

constexpr std::string_view kFence = "```";

class Analyzer {
 public:
  Analyzer(std::string_view clean, const WatchedStems& watched) : rest_(clean), watched_(watched) {}

  TextAnalysis Run() {
    SplitLines();
    for (size_t i = 0; i < analysis_.lines.size(); ++i) ReadLine(i);
    FindCopies();
    for (Segment& segment : analysis_.segments) MarkClusters(segment);
    FindEnd();
    for (Segment& segment : analysis_.segments) MarkCounted(segment);
    if (!analysis_.ends_sentence) UncountIncompleteTail();
    for (const Segment& segment : analysis_.segments) MarkCredited(segment);
    Summarize();
    return std::move(analysis_);
  }

 private:
  void FindCopies();
  // Returns the last segment that is not a keyword cluster and, unless `copies`, not a copy; null
  // if there is none.
  const Segment* LastSegment(bool copies) const;
  std::string KeyOf(const Segment& segment) const;
  void SplitLines();
  void ReadLine(size_t index);
  void EndSegment(size_t line, const char* end, bool question, bool ended);
  void MarkClusters(Segment& segment);
  // Sets `mark` in the runs without a function word in which most words have `watched` set.
  void MarkRuns(const Segment& segment, bool Word::* watched, bool Word::* mark);
  void FindEnd();
  void MarkCounted(Segment& segment);
  void MarkCredited(const Segment& segment);
  // Excludes the end of an incomplete last sentence, behind its last function word.
  void UncountIncompleteTail();
  void Summarize();
  std::span<Word> WordsOf(const Segment& segment) {
    return std::span<Word>(analysis_.words).subspan(segment.begin, segment.end - segment.begin);
  }

  std::string_view rest_;
  const WatchedStems& watched_;
  TextAnalysis analysis_;
  size_t segment_begin_ = 0;
  const char* text_begin_ = nullptr;
  int units_ = 0;
  // True if a link, an emoji or a code block follows the last word.
  bool ends_without_word_ = false;
};

// Recognizes "## Text", "- text" and "3. text". A line that is bold as a whole is a heading too.
Line Classify(std::string_view text) {
  constexpr size_t kMinBoldBytes = 5;
  constexpr size_t kMaxNumberDigits = 3;
  const size_t marks = std::min(text.find_first_not_of('#'), text.size());
  if (marks > 0 && marks < text.size() && text[marks] == ' ') {
    return {.text = text.substr(marks + 1), .kind = LineKind::kHeading};
  }
  if (text.size() >= kMinBoldBytes && text.starts_with("**") && text.ends_with("**") &&
      text.find("**", 2) == text.size() - 2) {
    return {.text = text.substr(2, text.size() - 4), .kind = LineKind::kHeading};
  }
  for (std::string_view bullet : {"- ", "* ", "+ ", "\u2022 ", "\u2013 "}) {
    if (text.starts_with(bullet)) {
      return {.text = text.substr(bullet.size()), .kind = LineKind::kListItem};
    }
  }
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(text[digits])) ++digits;
  if (digits > 0 && digits <= kMaxNumberDigits && digits + 1 < text.size() &&
      (text[digits] == '.' || text[digits] == ')') && text[digits + 1] == ' ') {
    return {.text = text.substr(digits + 2), .kind = LineKind::kListItem};
  }
  return {.text = text};
}

// True if the line after the line feed continues the previous one: a wrapped line begins with a
// lower-case letter.
bool ContinuesLine(std::string_view rest) {
  if (rest.size() < 2) return false;
  const std::string_view next = rest.substr(1);
  return absl::ascii_islower(next.front()) != 0 && !next.starts_with(kFence);
}

void Analyzer::SplitLines() {
  std::vector<std::string_view> texts;
  size_t fences = 0;
  while (!rest_.empty()) {
    size_t end = std::min(rest_.find('\n'), rest_.size());
    const bool fence = rest_.starts_with(kFence);
    if (fence) ++fences;
    // Lines of a code block are never joined.
    while (fences % 2 == 0 && !fence && ContinuesLine(rest_.substr(end))) {
      end = std::min(rest_.find('\n', end + 1), rest_.size());
    }
    texts.push_back(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
  }
  // A last fence without a closing one opens no block.
  size_t pairs = fences / 2 * 2;
  bool in_code = false;
  analysis_.lines.reserve(texts.size());
  for (std::string_view text : texts) {
    const bool fence = text.starts_with(kFence) && pairs > 0;
    if (fence || in_code) {
      analysis_.lines.push_back({.text = text, .kind = LineKind::kCode});
    } else {
      analysis_.lines.push_back(Classify(text));
    }
    if (fence) {
      in_code = !in_code;
      --pairs;
    }
  }
}

void Analyzer::ReadLine(size_t index) {
  const Line& line = analysis_.lines[index];
  if (line.kind == LineKind::kCode) {
    ends_without_word_ = true;
    return;
  }
  analysis_.inline_code =
      analysis_.inline_code || std::count(line.text.begin(), line.text.end(), '`') >= 2;
  Tokens tokens(line.text);
  text_begin_ = line.text.data();
  while (const std::optional<Token> token = tokens.Next()) {
    const char* end = token->text.data() + token->text.size();
    switch (token->kind) {
      case TokenKind::kWord: {
        Word word = MakeWord(token->text);
        const std::string stem = Stem(word.lower);
        word.text = token->text;
        word.term = watched_.terms.contains(stem);
        // The prompt's numbers may be repeated side by side: "61,000 euros (plan 58,000)".
        word.from_prompt = watched_.prompt.contains(stem) && !word.number && !IsUnit(word.lower);
        ends_without_word_ = false;
        analysis_.words.push_back(std::move(word));
        break;
      }
      case TokenKind::kSentenceEnd:
        EndSegment(index, end, token->text.front() == '?', /*ended=*/true);
        break;
      case TokenKind::kHashtag:
        ++analysis_.hashtags;
        break;
      case TokenKind::kUrl:
      case TokenKind::kEmoji:
        ends_without_word_ = true;
        break;
      case TokenKind::kUnitSign:
        ++units_;
        break;
      case TokenKind::kMention:
        break;
    }
  }
  EndSegment(index, line.text.data() + line.text.size(), false, /*ended=*/false);
}

void Analyzer::EndSegment(size_t line, const char* end, bool question, bool ended) {
  const std::string_view text(text_begin_, static_cast<size_t>(end - text_begin_));
  text_begin_ = end;
  if (analysis_.words.size() == segment_begin_) return;
  analysis_.segments.push_back({.begin = segment_begin_,
                                .end = analysis_.words.size(),
                                .line = line,
                                .text = text,
                                .question = question,
                                .terminated = ended,
                                .units = units_});
  units_ = 0;
  segment_begin_ = analysis_.words.size();
}

std::string Analyzer::KeyOf(const Segment& segment) const {
  std::string key;
  for (size_t i = segment.begin; i < segment.end; ++i) {
    absl::StrAppend(&key, analysis_.words[i].lower, " ");
  }
  return key;
}

void Analyzer::FindCopies() {
  std::unordered_map<std::string, size_t> known;
  for (size_t i = 0; i < analysis_.segments.size(); ++i) {
    const auto [at, added] = known.try_emplace(KeyOf(analysis_.segments[i]), i);
    if (added) continue;
    analysis_.segments[i].copy = true;
    analysis_.segments[at->second].copied_later = true;
    at->second = i;
  }
}

void Analyzer::MarkClusters(Segment& segment) {
  if (analysis_.lines[segment.line].kind == LineKind::kHeading) return;
  const std::span<Word> words = WordsOf(segment);
  const auto terms =
      std::count_if(words.begin(), words.end(), [](const Word& w) { return w.term; });
  const auto functions =
      std::count_if(words.begin(), words.end(), [](const Word& w) { return w.function; });
  if (static_cast<size_t>(terms) * kWordsPerTerm >= words.size() &&
      static_cast<size_t>(functions) * kWordsPerFunctionWord <= words.size()) {
    for (Word& word : words) word.in_cluster = true;
  } else {
    MarkRuns(segment, &Word::term, &Word::in_cluster);
    MarkRuns(segment, &Word::from_prompt, &Word::in_prompt_run);
  }
  segment.is_cluster =
      std::all_of(words.begin(), words.end(), [](const Word& w) { return w.in_cluster; });
}

void Analyzer::MarkRuns(const Segment& segment, bool Word::* watched, bool Word::* mark) {
  size_t begin = segment.begin;
  for (size_t i = segment.begin; i <= segment.end; ++i) {
    if (i < segment.end && !analysis_.words[i].function) continue;
    size_t found = 0;
    for (size_t j = begin; j < i; ++j) found += analysis_.words[j].*watched ? 1 : 0;
    if (i - begin >= kMinRunWords && found * 3 > (i - begin) * 2) {
      for (size_t j = begin; j < i; ++j) analysis_.words[j].*mark = true;
    }
    begin = i + 1;
  }
}

const Segment* Analyzer::LastSegment(bool copies) const {
  for (size_t i = analysis_.segments.size(); i > 0; --i) {
    const Segment& segment = analysis_.segments[i - 1];
    if (!segment.is_cluster && (copies || !segment.copy)) return &segment;
  }
  return nullptr;
}

void Analyzer::FindEnd() {
  const auto ended = [this](bool copies) {
    const Segment* last = LastSegment(copies);
    return last != nullptr && last->terminated;
  };
  analysis_.ends_sentence = ends_without_word_ || (ended(true) && ended(false));
}

void Analyzer::MarkCounted(Segment& segment) {
  if (analysis_.lines[segment.line].kind == LineKind::kHeading) return;
  size_t others = 0;
  size_t terms = 0;
  size_t content = 0;
  const std::span<Word> words = WordsOf(segment);
  for (const Word& word : words) {
    if (word.in_cluster) continue;
    others += word.term ? 0 : 1;
    terms += word.term ? 1 : 0;
    content += word.function ? 0 : 1;
  }
  const bool crowded = terms >= kMinCrowdTerms && terms * kCrowdedOf >= content * kCrowdedTerms;
  if (others < kMinSentenceWords || crowded) return;
  for (Word& word : words) {
    const bool counts = !word.in_cluster && !word.in_prompt_run && !word.term;
    segment.has_content = segment.has_content || counts;
    word.counted = counts && !segment.copy;
  }
}

void Analyzer::UncountIncompleteTail() {
  const Segment* last = LastSegment(/*copies=*/false);
  if (last == nullptr || last->terminated) return;
  for (size_t i = last->end; i > last->begin && !analysis_.words[i - 1].function; --i) {
    Word& word = analysis_.words[i - 1];
    word.counted = false;
    word.in_cluster = word.in_cluster || word.term;
  }
}

void Analyzer::MarkCredited(const Segment& segment) {
  for (size_t i = segment.begin + 1; i + 1 < segment.end; ++i) {
    Word& word = analysis_.words[i];
    word.credited = word.term && !word.in_cluster && analysis_.words[i - 1].counted &&
                    analysis_.words[i + 1].counted;
  }
}

void Analyzer::Summarize() {
  std::vector<size_t> distinct_segments(analysis_.lines.size(), 0);
  for (const Segment& segment : analysis_.segments) {
    if (!segment.copy && !segment.is_cluster) ++distinct_segments[segment.line];
    if (!segment.copy) analysis_.words_without_copies += segment.end - segment.begin;
    analysis_.searchable += ' ';
    bool gap = false;
    for (size_t i = segment.begin; i < segment.end; ++i) {
      const Word& word = analysis_.words[i];
      if (word.in_cluster && !segment.copy) ++analysis_.cluster_words;
      if (word.counted) {
        ++analysis_.counted;
        if (!segment.copied_later) ++analysis_.lines[segment.line].counted_words;
      }
      if (!word.counted && !word.credited) {
        if (!gap) analysis_.searchable += "_ ";
        gap = true;
        continue;
      }
      gap = false;
      absl::StrAppend(&analysis_.searchable, word.lower, " ");
    }
    analysis_.searchable += '|';
  }
  for (size_t i = 0; i < distinct_segments.size(); ++i) {
    analysis_.lines[i].redundant = distinct_segments[i] == 0;
  }
}

}  // namespace

TextAnalysis AnalyzeText(std::string_view clean, const WatchedStems& watched) {
  return Analyzer(clean, watched).Run();
}

std::vector<std::string> LowerWords(std::string_view text) {
  std::vector<std::string> words;
  Tokens tokens(text);
  while (const std::optional<Token> token = tokens.Next()) {
    if (token->kind == TokenKind::kWord) words.push_back(MakeWord(token->text).lower);
  }
  return words;
}

void AddStems(std::span<const std::string> phrases, Stems* stems) {
  for (const std::string& phrase : phrases) {
    for (const std::string& word : LowerWords(phrase)) {
      if (!IsFunctionWord(word)) stems->insert(Stem(word));
    }
  }
}

}  // namespace assay::evaluator
