// Two texts next to each other, or as a diff of their words.
#ifndef ASSAY_CLIENT_TERMINAL_TEXT_DIFF_H_
#define ASSAY_CLIENT_TERMINAL_TEXT_DIFF_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace assay::client {

enum class DiffKind { kSame, kRemoved, kAdded };

// A run of words, separated by single spaces. A line break is a word of its own.
struct DiffPiece {
  DiffKind kind = DiffKind::kSame;
  std::vector<std::string> words;
};

// Beyond this number of words that differ in one of the texts, they are shown as replaced as a
// whole. It bounds the table of the comparison to 32 MB.
inline constexpr size_t kMaxDiffWords = 4000;

// Compares the texts by a longest common subsequence of their words. Other white space than line
// breaks does not count. Takes time and memory in proportion to the product of the numbers of words
// between the common start and end.
std::vector<DiffPiece> WordDiff(std::string_view before, std::string_view after);

// Returns the diff as one text: with `color`, removed words are red and added ones are green;
// without, they are [-removed-] and {+added+}. The texts must be safe for the terminal.
std::string WordDiffText(const std::vector<DiffPiece>& pieces, bool color);

// Returns two columns of equal width under their titles, `width` characters together. Long lines
// are wrapped between words. The texts must be safe for the terminal.
std::string SideBySide(std::string_view left_title, std::string_view left,
                       std::string_view right_title, std::string_view right, int width);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_TEXT_DIFF_H_
