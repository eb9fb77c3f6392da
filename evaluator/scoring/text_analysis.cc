// Lines, sentences, words.
#include "evaluator/scoring/text_analysis.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "evaluator/scoring/clean_text.h"
#include "evaluator/scoring/tokens.h"
#include "evaluator/scoring/word_lists.h"

namespace assay::evaluator {
namespace {

// A pile, in shares of a segment's or a run's words.
constexpr size_t kLeastRun = 5;
// At least one term in so many words, at most one function word in so many.
constexpr size_t kWordsPerTerm = 2;
constexpr size_t kWordsPerFunctionWord = 4;

constexpr std::string_view kFence = "```";

class Analyser {
 public:
  Analyser(std::string_view clean, const Stems& terms) : rest_(clean), terms_(terms) {}

  TextAnalysis Run() {
    SplitLines();
    for (size_t i = 0; i < analysis_.lines.size(); ++i) ReadLine(i);
    if (!analysis_.lines.empty() && analysis_.lines.back().kind == LineKind::kCode) {
      analysis_.ends_sentence = true;
    }
    for (const Segment& segment : analysis_.segments) Weigh(segment);
    if (!analysis_.ends_sentence && !analysis_.segments.empty()) DropTail();
    Count();
    return std::move(analysis_);
  }

 private:
  void SplitLines();
  void ReadLine(size_t index);
  void EndSegment(size_t line, bool question);
  // Marks what of it is a pile.
  void Weigh(const Segment& segment);
  void WeighRuns(const Segment& segment);
  void DropTail();
  void Count();

  std::string_view rest_;
  const Stems& terms_;
  TextAnalysis analysis_;
  size_t segment_begin_ = 0;
};

// "## Text", "- text", "3. text"; a line that is bold from end to end is a heading too.
Line Classify(std::string_view text) {
  constexpr size_t kLeastBold = 5;
  constexpr size_t kLongestNumber = 3;
  const size_t marks = std::min(text.find_first_not_of('#'), text.size());
  if (marks > 0 && marks < text.size() && text[marks] == ' ') {
    return {.text = text.substr(marks + 1), .kind = LineKind::kHeading};
  }
  if (text.size() >= kLeastBold && text.starts_with("**") && text.ends_with("**") &&
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
  if (digits > 0 && digits <= kLongestNumber && digits + 1 < text.size() &&
      (text[digits] == '.' || text[digits] == ')') && text[digits + 1] == ' ') {
    return {.text = text.substr(digits + 2), .kind = LineKind::kListItem};
  }
  return {.text = text};
}

void Analyser::SplitLines() {
  std::vector<std::string_view> texts;
  size_t fences = 0;
  while (!rest_.empty()) {
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    texts.push_back(rest_.substr(0, end));
    if (texts.back().starts_with(kFence)) ++fences;
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
  }
  // A fence without its other end opens nothing.
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

void Analyser::ReadLine(size_t index) {
  const Line& line = analysis_.lines[index];
  if (line.kind == LineKind::kCode) return;
  analysis_.inline_code =
      analysis_.inline_code || std::count(line.text.begin(), line.text.end(), '`') >= 2;
  Tokens tokens(line.text);
  while (const std::optional<Token> token = tokens.Next()) {
    switch (token->kind) {
      case TokenKind::kWord: {
        Word word = MakeWord(token->text);
        word.term = terms_.contains(Stem(word.lower));
        word.counted = line.kind != LineKind::kHeading;
        analysis_.ends_sentence = false;
        analysis_.words.push_back(std::move(word));
        break;
      }
      case TokenKind::kSentenceEnd:
        EndSegment(index, token->text.front() == '?');
        analysis_.ends_sentence = true;
        break;
      case TokenKind::kHashtag:
        ++analysis_.hashtags;
        break;
      case TokenKind::kUrl:
        ++analysis_.urls;
        analysis_.ends_sentence = true;
        break;
      case TokenKind::kUnitSign:
        ++analysis_.units;
        break;
      case TokenKind::kEmoji:
        analysis_.ends_sentence = true;
        break;
      case TokenKind::kMention:
        break;
    }
  }
  EndSegment(index, false);
}

void Analyser::EndSegment(size_t line, bool question) {
  if (analysis_.words.size() == segment_begin_) return;
  analysis_.segments.push_back(
      {.begin = segment_begin_, .end = analysis_.words.size(), .line = line, .question = question});
  segment_begin_ = analysis_.words.size();
}

void Analyser::Weigh(const Segment& segment) {
  if (analysis_.lines[segment.line].kind == LineKind::kHeading) return;
  const auto begin = analysis_.words.begin() + static_cast<ptrdiff_t>(segment.begin);
  const auto end = analysis_.words.begin() + static_cast<ptrdiff_t>(segment.end);
  const auto terms = std::count_if(begin, end, [](const Word& word) { return word.term; });
  const auto functions = std::count_if(begin, end, [](const Word& word) { return word.function; });
  const size_t size = segment.end - segment.begin;
  if (static_cast<size_t>(terms) * kWordsPerTerm >= size &&
      static_cast<size_t>(functions) * kWordsPerFunctionWord <= size) {
    std::for_each(begin, end, [](Word& word) { word.pile = true; });
  } else if (terms > 0) {
    WeighRuns(segment);
  }
}

void Analyser::WeighRuns(const Segment& segment) {
  size_t begin = segment.begin;
  for (size_t i = segment.begin; i <= segment.end; ++i) {
    if (i < segment.end && !analysis_.words[i].function) continue;
    size_t terms = 0;
    for (size_t j = begin; j < i; ++j) terms += analysis_.words[j].term ? 1 : 0;
    if (i - begin >= kLeastRun && terms * 3 > (i - begin) * 2) {
      for (size_t j = begin; j < i; ++j) analysis_.words[j].pile = true;
    }
    begin = i + 1;
  }
}

void Analyser::DropTail() {
  const Segment& last = analysis_.segments.back();
  for (size_t i = last.end; i > last.begin && !analysis_.words[i - 1].function; --i) {
    Word& word = analysis_.words[i - 1];
    word.counted = false;
    word.pile = word.pile || word.term;
  }
}

void Analyser::Count() {
  for (const Segment& segment : analysis_.segments) {
    analysis_.plain += ' ';
    for (size_t i = segment.begin; i < segment.end; ++i) {
      Word& word = analysis_.words[i];
      word.counted = word.counted && !word.pile;
      analysis_.piled += word.pile ? 1 : 0;
      if (!word.counted) continue;
      ++analysis_.counted;
      ++analysis_.lines[segment.line].counted_words;
      absl::StrAppend(&analysis_.plain, word.lower, " ");
    }
    analysis_.plain += '|';
  }
}

}  // namespace

TextAnalysis AnalyseText(std::string_view clean, const Stems& terms) {
  return Analyser(clean, terms).Run();
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
