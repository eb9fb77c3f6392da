// Finds what in a caller's text must not become special tokens.
#include "engine/tokenizer/special_guard.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/utf8.h"
#include "engine/unicode/characters.h"

namespace assay::engine {
namespace {

std::vector<TextRange> EachCharacter(std::string_view data) {
  std::vector<TextRange> ranges;
  for (size_t at = 0; at < data.size(); at = ranges.back().end) {
    ranges.push_back({at, at + NextUtf8(data.substr(at)).bytes});
  }
  return ranges;
}

}  // namespace

SpecialGuard::SpecialGuard(std::vector<std::string> spellings, std::vector<std::string> normalized,
                           const std::vector<NormalizerStep>* normalizer)
    : spellings_(std::move(spellings)),
      normalized_(normalizer->empty() ? std::vector<std::string>() : std::move(normalized)),
      normalizer_(normalizer) {}

bool SpecialGuard::NormalizesToSpelling(std::string_view data,
                                        const std::vector<TextRange>& ranges) const {
  size_t begin = 0;
  const auto is_spelling = [&](size_t end) {
    const std::string_view part = data.substr(begin, end - begin);
    const absl::StatusOr<std::string> normal = Normalize(*normalizer_, std::string(part));
    return !normal.ok() || !normalized_.Find(*normal).empty();
  };
  for (const TextRange& range : ranges) {
    if (is_spelling(range.begin)) return true;
    begin = range.end;
  }
  return is_spelling(data.size());
}

std::vector<TextRange> SpecialGuard::Find(std::string_view data) const {
  const size_t begin = unicode::LeadingSpaceBytes(data);
  if (begin == data.size() || spellings_.empty()) return {};
  std::vector<TextRange> ranges = spellings_.Find(data);
  if (!normalized_.empty() && NormalizesToSpelling(data, ranges)) return EachCharacter(data);
  const size_t end = data.size() - unicode::TrailingSpaceBytes(data);
  const std::string_view inner = data.substr(begin, end - begin);
  if (spellings_.BeginsWithAnEnd(inner)) ranges.insert(ranges.begin(), {begin, begin});
  if (spellings_.EndsWithABeginning(inner)) ranges.push_back({end, end});
  return ranges;
}

}  // namespace assay::engine
