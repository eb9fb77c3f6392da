// Reads and searches a precompiled_charsmap.
#include "engine/tokenizer/chars_map.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace assay::engine {
namespace {

constexpr size_t kMaxBytes = size_t{16} << 20;
constexpr size_t kNodeBytes = 4;

// A node has its label in bits 0 to 7 and 31, whether a value follows in bit 8, and the offset of
// its children in bits 10 to 30, times 256 if bit 9 is set.
constexpr uint32_t kLabelMask = (uint32_t{1} << 31) | 0xFF;
constexpr uint32_t kHasValue = uint32_t{1} << 8;
constexpr uint32_t kValueMask = (uint32_t{1} << 31) - 1;

size_t ChildOffset(uint32_t node) {
  constexpr uint32_t kWide = uint32_t{1} << 9;
  return (node >> 10) << ((node & kWide) >> 6);
}

uint32_t ReadLittleEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = kNodeBytes; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

absl::StatusOr<CharsMap> CharsMap::Parse(std::string_view bytes) {
  if (bytes.size() < kNodeBytes || bytes.size() > kMaxBytes) {
    return absl::DataLossError(absl::StrCat("precompiled_charsmap has ", bytes.size(),
                                            " bytes; at least ", kNodeBytes, ", at most ",
                                            kMaxBytes));
  }
  const size_t size = ReadLittleEndian(bytes);
  bytes.remove_prefix(kNodeBytes);
  if (size > bytes.size() || size % kNodeBytes != 0) {
    return absl::DataLossError(absl::StrCat("precompiled_charsmap has a table of ", size,
                                            " bytes within ", bytes.size(), " bytes"));
  }
  CharsMap map;
  map.nodes_.reserve(size / kNodeBytes);
  for (size_t at = 0; at < size; at += kNodeBytes) {
    map.nodes_.push_back(ReadLittleEndian(bytes.substr(at)));
  }
  map.replacements_ = std::string(bytes.substr(size));
  return map;
}

std::optional<CharsMap::Match> CharsMap::Find(std::string_view text, bool longest) const {
  if (nodes_.empty()) return std::nullopt;
  std::optional<Match> found;
  size_t at = ChildOffset(nodes_[0]);
  for (size_t i = 0; i < text.size() && text[i] != '\0'; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    at ^= byte;
    if (at >= nodes_.size() || (nodes_[at] & kLabelMask) != byte) break;
    const uint32_t node = nodes_[at];
    at ^= ChildOffset(node);
    if ((node & kHasValue) == 0) continue;
    if (at >= nodes_.size()) break;
    const size_t begin = nodes_[at] & kValueMask;
    if (begin > replacements_.size()) break;
    const size_t end = replacements_.find('\0', begin);
    found = Match{i + 1, std::string_view(replacements_).substr(begin, end - begin)};
    if (!longest) break;
  }
  return found;
}

}  // namespace assay::engine
