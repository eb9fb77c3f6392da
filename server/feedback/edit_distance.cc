// How much a person changed a text.
#include "server/feedback/edit_distance.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "base/levenshtein.h"
#include "base/utf8.h"

namespace assay::server {
namespace {

// Bytes of invalid UTF-8 become values beyond all code points.
constexpr uint32_t kInvalidByte = 0x110000;

std::vector<uint32_t> CodePoints(std::string_view text) {
  std::vector<uint32_t> out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = NextUtf8(text);
    if (step.valid) {
      out.push_back(step.code_point);
    } else {
      for (const char byte : text.substr(0, step.bytes)) {
        out.push_back(kInvalidByte + static_cast<unsigned char>(byte));
      }
    }
    text.remove_prefix(step.bytes);
  }
  return out;
}

}  // namespace

std::optional<double> EditDistance(std::string_view original, std::string_view edited) {
  const std::vector<uint32_t> all_a = CodePoints(original);
  const std::vector<uint32_t> all_b = CodePoints(edited);
  const size_t longer = std::max(all_a.size(), all_b.size());
  if (longer == 0) return 0;
  std::span<const uint32_t> a = all_a;
  std::span<const uint32_t> b = all_b;
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a = a.subspan(1);
    b = b.subspan(1);
  }
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a = a.first(a.size() - 1);
    b = b.first(b.size() - 1);
  }
  const auto cells = static_cast<double>(a.size()) * static_cast<double>(b.size());
  if (cells > static_cast<double>(kMaxEditCells)) return std::nullopt;
  return static_cast<double>(Levenshtein(a, b)) / static_cast<double>(longer);
}

}  // namespace assay::server
