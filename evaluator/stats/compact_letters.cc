// Implementation of the insert-and-absorb algorithm.
#include "evaluator/stats/compact_letters.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string_view>

namespace assay::evaluator {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// The items that have one letter.
using Column = std::vector<bool>;

bool IsSubset(const Column& part, const Column& whole) {
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] && !whole[i]) return false;
  }
  return true;
}

// Adds a column unless another one has all its items, and removes the columns that it absorbs.
void Absorb(Column added, std::vector<Column>* columns) {
  const bool absorbed = std::any_of(columns->begin(), columns->end(),
                                    [&](const Column& column) { return IsSubset(added, column); });
  if (absorbed) return;
  std::erase_if(*columns, [&](const Column& column) { return IsSubset(column, added); });
  columns->push_back(std::move(added));
}

}  // namespace

std::vector<std::string> CompactLetters(int count,
                                        const std::vector<std::pair<int, int>>& different) {
  std::vector<std::string> letters(static_cast<size_t>(count));
  std::vector<Column> columns = {Column(letters.size(), true)};
  for (const auto& [first, second] : different) {
    std::vector<Column> kept;
    std::vector<Column> split;
    for (Column& column : columns) {
      const bool both = column[static_cast<size_t>(first)] && column[static_cast<size_t>(second)];
      (both ? split : kept).push_back(std::move(column));
    }
    for (const Column& column : split) {
      for (const int removed : {first, second}) {
        Column part = column;
        part[static_cast<size_t>(removed)] = false;
        Absorb(std::move(part), &kept);
      }
    }
    columns = std::move(kept);
    if (columns.size() > kLetters.size()) return letters;
  }
  // The column of the first item comes first.
  std::sort(columns.begin(), columns.end(), std::greater<>());
  for (size_t k = 0; k < columns.size(); ++k) {
    for (size_t i = 0; i < letters.size(); ++i) {
      if (columns[k][i]) letters[i] += kLetters[k];
    }
  }
  return letters;
}

}  // namespace assay::evaluator
