// Finds the spellings of a set of tokens in a text.
#include "engine/tokenizer/spelling_set.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/text_marks.h"
#include "base/work_limit.h"

namespace assay::engine {
namespace {

bool IsLess(char a, char b) {
  return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
}

// True if a spelling in the sorted list begins with the characters of [begin, end) and is longer.
template <typename Iterator>
bool IsProperPrefix(const std::vector<std::string>& sorted, Iterator begin, Iterator end) {
  const auto next = std::upper_bound(
      sorted.begin(), sorted.end(), 0, [&](int /*part*/, const std::string& spelling) {
        return std::lexicographical_compare(begin, end, spelling.begin(), spelling.end(), IsLess);
      });
  return next != sorted.end() && std::mismatch(begin, end, next->begin(), next->end()).first == end;
}

void SortUnique(std::vector<std::string>* strings) {
  std::sort(strings->begin(), strings->end());
  strings->erase(std::unique(strings->begin(), strings->end()), strings->end());
}

}  // namespace

SpellingSet::SpellingSet(std::vector<std::string> spellings) : by_beginning_(std::move(spellings)) {
  std::erase(by_beginning_, "");
  SortUnique(&by_beginning_);
  by_end_.reserve(by_beginning_.size());
  for (const std::string& spelling : by_beginning_) {
    longest_ = std::max(longest_, spelling.size());
    by_end_.emplace_back(spelling.rbegin(), spelling.rend());
  }
  SortUnique(&by_end_);
}

void SpellingSet::ForEachAt(std::string_view text,
                            absl::FunctionRef<void(const std::string&)> on_spelling) const {
  auto begin = by_beginning_.begin();
  auto end = by_beginning_.end();
  // [begin, end) are the spellings that begin with the first `length` bytes of the text.
  for (size_t length = 0; begin != end; ++length) {
    if (begin->size() == length) on_spelling(*begin++);
    if (length == text.size()) return;
    begin = std::lower_bound(begin, end, text[length], [length](const std::string& s, char byte) {
      return IsLess(s[length], byte);
    });
    end = std::upper_bound(begin, end, text[length], [length](char byte, const std::string& s) {
      return IsLess(byte, s[length]);
    });
  }
}

std::vector<std::string> SpellingSet::SpellingsIn(std::string_view text) const {
  std::vector<std::string> found;
  for (size_t at = 0; at < text.size(); ++at) {
    ForEachAt(text.substr(at), [&](const std::string& spelling) { found.push_back(spelling); });
  }
  SortUnique(&found);
  return found;
}

std::vector<TextRange> SpellingSet::Find(std::string_view text) const {
  std::vector<TextRange> ranges;
  if (empty()) return ranges;
  for (size_t at = 0; at < text.size(); ++at) {
    if (!WorkLimit::Check().ok()) return ranges;
    size_t length = 0;
    ForEachAt(text.substr(at), [&](const std::string& spelling) { length = spelling.size(); });
    if (length == 0) continue;
    if (!ranges.empty() && at < ranges.back().end) {
      ranges.back().end = std::max(ranges.back().end, at + length);
    } else {
      ranges.push_back({at, at + length});
    }
  }
  return ranges;
}

bool SpellingSet::BeginsWithAnEnd(std::string_view text) const {
  for (size_t length = 1; length < longest_ && length <= text.size(); ++length) {
    if (!WorkLimit::Check().ok()) return true;
    const std::string_view part = text.substr(0, length);
    if (IsProperPrefix(by_end_, part.rbegin(), part.rend())) return true;
  }
  return false;
}

bool SpellingSet::EndsWithABeginning(std::string_view text) const {
  for (size_t length = 1; length < longest_ && length <= text.size(); ++length) {
    if (!WorkLimit::Check().ok()) return true;
    const std::string_view part = text.substr(text.size() - length);
    if (IsProperPrefix(by_beginning_, part.begin(), part.end())) return true;
  }
  return false;
}

}  // namespace assay::engine
