// The names of the GGUF files that a model is split into.
#include "base/gguf_parts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace assay {
namespace {

constexpr size_t kDigits = 5;

// Removes `word` from the end of `text`. Returns false if it is not there.
bool ConsumeSuffix(std::string_view word, std::string_view* text) {
  if (!text->ends_with(word)) return false;
  text->remove_suffix(word.size());
  return true;
}

bool ConsumeNumber(std::string_view* text, int64_t* number) {
  if (text->size() < kDigits) return false;
  const std::string_view digits = text->substr(text->size() - kDigits);
  if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) return false;
  *number = 0;
  for (const char digit : digits) *number = *number * 10 + (digit - '0');
  text->remove_suffix(kDigits);
  return true;
}

}  // namespace

std::string GgufPartName::PathOf(int64_t part) const {
  return absl::StrFormat("%s-%05d-of-%05d.gguf", prefix, part, count);
}

std::optional<GgufPartName> ParseGgufPartName(std::string_view path) {
  std::string_view rest = path;
  GgufPartName name;
  const bool parsed = ConsumeSuffix(".gguf", &rest) && ConsumeNumber(&rest, &name.count) &&
                      ConsumeSuffix("-of-", &rest) && ConsumeNumber(&rest, &name.number) &&
                      ConsumeSuffix("-", &rest);
  if (!parsed || rest.empty()) return std::nullopt;
  if (name.number < 1 || name.number > name.count || name.count > kMaxGgufParts) {
    return std::nullopt;
  }
  name.prefix = std::string(rest);
  return name;
}

std::vector<std::string> GgufParts(std::string_view name) {
  const std::optional<GgufPartName> part = ParseGgufPartName(name);
  if (!part.has_value()) return {std::string(name)};
  std::vector<std::string> names;
  for (int64_t number = 1; number <= part->count; ++number) names.push_back(part->PathOf(number));
  return names;
}

bool IsLaterGgufPart(std::string_view name) {
  const std::optional<GgufPartName> part = ParseGgufPartName(name);
  return part.has_value() && part->number > 1;
}

}  // namespace assay
