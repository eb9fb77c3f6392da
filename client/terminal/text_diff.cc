// Two texts next to each other, or as a diff of their words.
#include "client/terminal/text_diff.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace assay::client {
namespace {

constexpr char kRed[] = "\x1b[31m";
constexpr char kGreen[] = "\x1b[32m";
constexpr char kReset[] = "\x1b[0m";
constexpr std::string_view kColumnGap = " | ";
constexpr int kMinColumn = 10;

using Words = std::span<const std::string>;

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : text) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      word += c;
      continue;
    }
    end_word();
    if (c == '\n') words.emplace_back("\n");
  }
  end_word();
  return words;
}

void Add(DiffKind kind, Words words, std::vector<DiffPiece>* pieces) {
  if (words.empty()) return;
  if (pieces->empty() || pieces->back().kind != kind) pieces->push_back({.kind = kind});
  std::vector<std::string>& all = pieces->back().words;
  all.insert(all.end(), words.begin(), words.end());
}

// The lengths of the longest common subsequences of all suffixes of two texts.
class SuffixTable {
 public:
  SuffixTable(Words a, Words b) : columns_(b.size() + 1), lengths_((a.size() + 1) * columns_) {
    for (size_t i = a.size(); i-- > 0;) {
      for (size_t j = b.size(); j-- > 0;) {
        lengths_[i * columns_ + j] = a[i] == b[j] ? static_cast<uint16_t>(At(i + 1, j + 1) + 1)
                                                  : std::max(At(i + 1, j), At(i, j + 1));
      }
    }
  }
  uint16_t At(size_t i, size_t j) const { return lengths_[i * columns_ + j]; }

 private:
  const size_t columns_;
  std::vector<uint16_t> lengths_;
};

void DiffMiddle(Words a, Words b, std::vector<DiffPiece>* pieces) {
  if (a.size() > kMaxDiffWords || b.size() > kMaxDiffWords) {
    Add(DiffKind::kRemoved, a, pieces);
    Add(DiffKind::kAdded, b, pieces);
    return;
  }
  const SuffixTable table(a, b);
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (a[i] == b[j]) {
      Add(DiffKind::kSame, a.subspan(i++, 1), pieces);
      ++j;
    } else if (table.At(i + 1, j) >= table.At(i, j + 1)) {
      Add(DiffKind::kRemoved, a.subspan(i++, 1), pieces);
    } else {
      Add(DiffKind::kAdded, b.subspan(j++, 1), pieces);
    }
  }
  Add(DiffKind::kRemoved, a.subspan(i), pieces);
  Add(DiffKind::kAdded, b.subspan(j), pieces);
}

std::string JoinWords(Words words) {
  std::string text;
  for (const std::string& word : words) {
    const bool glued = text.empty() || text.back() == '\n' || word == "\n";
    absl::StrAppend(&text, glued ? "" : " ", word);
  }
  return text;
}

// Cuts a word that is longer than the column.
std::vector<std::string> CutWord(const std::string& word, size_t width) {
  std::vector<std::string> parts(1);
  for (const char c : word) {
    const bool starts = CountUtf8Characters(std::string_view(&c, 1)) == 1;
    if (starts && CountUtf8Characters(parts.back()) == width) parts.emplace_back();
    parts.back() += c;
  }
  return parts;
}

std::vector<std::string> WrapLines(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  for (const std::string& word : SplitWords(text)) {
    if (word == "\n") {
      lines.emplace_back();
      continue;
    }
    for (const std::string& part : CutWord(word, width)) {
      std::string& line = lines.back();
      if (line.empty()) {
        line = part;
      } else if (CountUtf8Characters(line) + 1 + CountUtf8Characters(part) <= width) {
        absl::StrAppend(&line, " ", part);
      } else {
        lines.push_back(part);
      }
    }
  }
  return lines;
}

std::string Padded(const std::string& text, size_t width) {
  const size_t used = CountUtf8Characters(text);
  return used < width ? text + std::string(width - used, ' ') : text;
}

}  // namespace

std::vector<DiffPiece> WordDiff(std::string_view before, std::string_view after) {
  const std::vector<std::string> first = SplitWords(before);
  const std::vector<std::string> second = SplitWords(after);
  const Words a(first);
  const Words b(second);
  const size_t shorter = std::min(a.size(), b.size());
  size_t start = 0;
  while (start < shorter && a[start] == b[start]) ++start;
  size_t end = 0;
  while (end < shorter - start && a[a.size() - 1 - end] == b[b.size() - 1 - end]) ++end;
  std::vector<DiffPiece> pieces;
  Add(DiffKind::kSame, a.first(start), &pieces);
  DiffMiddle(a.subspan(start, a.size() - start - end), b.subspan(start, b.size() - start - end),
             &pieces);
  Add(DiffKind::kSame, a.last(end), &pieces);
  return pieces;
}

std::string WordDiffText(const std::vector<DiffPiece>& pieces, bool color) {
  std::string text;
  for (const DiffPiece& piece : pieces) {
    const std::string words = JoinWords(piece.words);
    const bool removed = piece.kind == DiffKind::kRemoved;
    if (!text.empty() && text.back() != '\n' && !words.starts_with('\n')) text += ' ';
    if (piece.kind == DiffKind::kSame) {
      text += words;
    } else if (color) {
      absl::StrAppend(&text, removed ? kRed : kGreen, words, kReset);
    } else {
      absl::StrAppend(&text, removed ? "[-" : "{+", words, removed ? "-]" : "+}");
    }
  }
  return text + "\n";
}

std::string SideBySide(std::string_view left_title, std::string_view left,
                       std::string_view right_title, std::string_view right, int width) {
  const auto column =
      static_cast<size_t>(std::max(kMinColumn, (width - static_cast<int>(kColumnGap.size())) / 2));
  std::vector<std::string> a = WrapLines(left_title, column);
  std::vector<std::string> b = WrapLines(right_title, column);
  const auto add = [column](std::string_view text, size_t titles, std::vector<std::string>* lines) {
    lines->resize(titles);
    lines->emplace_back(column, '-');
    for (std::string& line : WrapLines(text, column)) lines->push_back(std::move(line));
  };
  const size_t titles = std::max(a.size(), b.size());
  add(left, titles, &a);
  add(right, titles, &b);
  std::string text;
  a.resize(std::max(a.size(), b.size()));
  b.resize(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const std::string line = Padded(a[i], column) + std::string(kColumnGap) + b[i];
    absl::StrAppend(&text, std::string(absl::StripTrailingAsciiWhitespace(line)), "\n");
  }
  return text;
}

}  // namespace assay::client
