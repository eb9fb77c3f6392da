// Compact letter displays of pairwise tests.
#ifndef ASSAY_EVALUATOR_STATS_COMPACT_LETTERS_H_
#define ASSAY_EVALUATOR_STATS_COMPACT_LETTERS_H_

#include <string>
#include <utility>
#include <vector>

namespace assay::evaluator {

// Returns the letters of items 0 to count - 1: two items share a letter exactly if `different` does
// not have their pair. Made by the insert-and-absorb algorithm (Piepho, "An Algorithm for a
// Letter-Based Representation of All-Pairwise Comparisons", JCGS 13, 2004). Item 0 has an "a";
// letters are given in the order of the first item that has them. All strings are empty if more
// than the 52 letters from a to Z are needed.
std::vector<std::string> CompactLetters(int count,
                                        const std::vector<std::pair<int, int>>& different);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_COMPACT_LETTERS_H_
