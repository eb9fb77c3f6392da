// The edit distance of two sequences.
#ifndef ASSAY_BASE_LEVENSHTEIN_H_
#define ASSAY_BASE_LEVENSHTEIN_H_

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace assay {

// Returns the number of insertions, removals and replacements that turn `a` into `b`, by the
// algorithm of Wagner and Fischer (JACM 21, 1974) with one row. O(a x b) time and O(b) memory.
template <typename Element>
size_t Levenshtein(std::span<const Element> a, std::span<const Element> b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace assay

#endif  // ASSAY_BASE_LEVENSHTEIN_H_
