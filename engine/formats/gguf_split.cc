// Names of GGUF files that one model was split into.
#include "engine/formats/gguf_split.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace assay::engine {
namespace {

constexpr size_t kDigits = 5;

// Takes `word` off the end.
bool TakeEnd(std::string_view word, std::string_view* text) {
  if (!text->ends_with(word)) return false;
  text->remove_suffix(word.size());
  return true;
}

bool TakeNumber(std::string_view* text, int64_t* number) {
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

std::optional<GgufPartName> ParseGgufPartName(const std::string& path) {
  std::string_view rest = path;
  GgufPartName name;
  const bool parsed = TakeEnd(".gguf", &rest) && TakeNumber(&rest, &name.count) &&
                      TakeEnd("-of-", &rest) && TakeNumber(&rest, &name.number) &&
                      TakeEnd("-", &rest);
  if (!parsed) return std::nullopt;
  name.prefix = std::string(rest);
  return name;
}

}  // namespace assay::engine
