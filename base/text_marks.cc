// Marks positions in a text.
#include "base/text_marks.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/utf8.h"

namespace assay {
namespace {

constexpr uint32_t kFirst = 0xFDD0;
constexpr int kCount = 32;
// The first two of the three bytes that all of them have.
constexpr std::string_view kLead = "\xEF\xB7";
constexpr uint8_t kFirstLastByte = 0x90;

}  // namespace

void MarkChooser::Add(std::string_view text) {
  for (size_t at = text.find(kLead); at != std::string_view::npos; at = text.find(kLead, at + 1)) {
    if (at + kLead.size() >= text.size()) return;
    const int index = static_cast<uint8_t>(text[at + kLead.size()]) - kFirstLastByte;
    if (index >= 0 && index < kCount) used_ |= uint32_t{1} << index;
  }
}

std::optional<std::string> MarkChooser::Choose() {
  const int index = std::countr_one(used_);
  if (index == kCount) return std::nullopt;
  used_ |= uint32_t{1} << index;
  std::string mark;
  AppendUtf8(kFirst + static_cast<uint32_t>(index), &mark);
  return mark;
}

std::string InsertMarks(const MarkedText& marked, std::string_view mark) {
  std::string out;
  out.reserve(marked.text.size() + marked.offsets.size() * mark.size());
  size_t copied = 0;
  for (const size_t offset : marked.offsets) {
    out.append(marked.text, copied, offset - copied);
    out.append(mark);
    copied = offset;
  }
  return out.append(marked.text, copied);
}

MarkedText RemoveMarks(std::string_view text, std::string_view mark) {
  MarkedText out;
  out.text.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t found = text.find(mark, at);
    out.text.append(text.substr(at, found == std::string_view::npos ? found : found - at));
    if (found == std::string_view::npos) break;
    out.offsets.push_back(out.text.size());
    at = found + mark.size();
  }
  return out;
}

}  // namespace assay
