// Parses and checks safetensors headers.
#include "engine/formats/safetensors_parser.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "engine/formats/quoted.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

// The limit of the format's own reader.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kLengthBytes = sizeof(uint64_t);
constexpr size_t kMaxDimensions = 8;
// The names of the format's types are shorter.
constexpr size_t kShownDtypeBytes = 32;
// The smallest element of any type has one bit. Bounds the number of elements by the file size.
constexpr uint64_t kMaxElementsPerByte = 8;

// A supported element type.
struct ElementType {
  GgmlType type;
  int64_t bytes;
};

// Returns null for an unsupported type.
const ElementType* FindElementType(const std::string& dtype) {
  static constexpr ElementType kF32{GgmlType::kF32, 4};
  static constexpr ElementType kF16{GgmlType::kF16, 2};
  static constexpr ElementType kBF16{GgmlType::kBF16, 2};
  if (dtype == "F32") return &kF32;
  if (dtype == "F16") return &kF16;
  if (dtype == "BF16") return &kBF16;
  return nullptr;
}

// The position of a tensor in the file's data: [begin, end).
struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string name;
};

absl::Status Damaged(const std::string& tensor, std::string_view message) {
  return absl::DataLossError(absl::StrCat("tensor ", Quoted(tensor), ": ", std::string(message)));
}

// "shape is [1,2]", for errors.
std::string DescribeMember(const Json& entry, const char* key) {
  const auto it = entry.find(key);
  return it == entry.end() ? absl::StrCat(key, " is missing")
                           : absl::StrCat(key, " is ", ShortJson(*it));
}

absl::StatusOr<Range> ReadRange(const std::string& name, const Json& entry, uint64_t data_bytes) {
  constexpr char kKey[] = "data_offsets";
  const auto it = entry.find(kKey);
  if (it == entry.end() || !it->is_array() || it->size() != 2 || !(*it)[0].is_number_unsigned() ||
      !(*it)[1].is_number_unsigned()) {
    return Damaged(name,
                   absl::StrCat(DescribeMember(entry, kKey), ", not a pair of whole numbers"));
  }
  Range range{.begin = (*it)[0].get<uint64_t>(), .end = (*it)[1].get<uint64_t>(), .name = name};
  if (range.begin <= range.end && range.end <= data_bytes) return range;
  return Damaged(
      name, absl::StrCat(DescribeMember(entry, kKey), ", not a range of the file's ", data_bytes,
                         " bytes of data; the file is truncated or damaged, download "
                         "it again"));
}

absl::StatusOr<std::vector<int64_t>> ReadShape(const std::string& name, const Json& entry) {
  constexpr char kKey[] = "shape";
  const auto it = entry.find(kKey);
  const auto is_size = [](const Json& size) { return size.is_number_unsigned(); };
  if (it == entry.end() || !it->is_array() || it->size() > kMaxDimensions ||
      !std::all_of(it->begin(), it->end(), is_size)) {
    return Damaged(name, absl::StrCat(DescribeMember(entry, kKey), ", not a list of at most ",
                                      kMaxDimensions, " sizes"));
  }
  std::vector<int64_t> shape;
  int64_t elements = 1;
  for (const Json& size : *it) {
    const auto dimension = size.get<uint64_t>();
    if (dimension > std::numeric_limits<int64_t>::max() ||
        __builtin_mul_overflow(elements, static_cast<int64_t>(dimension), &elements)) {
      return Damaged(name, absl::StrCat(DescribeMember(entry, kKey), ", too many elements"));
    }
    shape.push_back(static_cast<int64_t>(dimension));
  }
  return shape;
}

absl::StatusOr<uint64_t> HeaderLength(absl::Span<const std::byte> file) {
  if (file.size() < kLengthBytes) {
    return absl::DataLossError(
        absl::StrCat(file.size(), " bytes are less than the length of a header"));
  }
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length == 0 || length > kMaxHeaderBytes || length > file.size() - kLengthBytes) {
    return absl::DataLossError(absl::StrCat("header of ", length, " bytes in a file of ",
                                            file.size(), " (limit ", kMaxHeaderBytes, ")"));
  }
  return length;
}

// Overlapping tensors would let a small file fill the memory, because each is loaded separately.
// The format does not allow bytes outside of tensors, which could be anything.
absl::Status CheckCovered(std::vector<Range> ranges, uint64_t data_bytes) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  const auto unused = [](uint64_t begin, uint64_t end) {
    return absl::DataLossError(
        absl::StrCat("bytes ", begin, " to ", end, " of the data belong to no tensor"));
  };
  uint64_t covered = 0;
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].begin < covered) {
      return absl::DataLossError(absl::StrCat("tensors ", Quoted(ranges[i - 1].name), " and ",
                                              Quoted(ranges[i].name), " overlap in the file"));
    }
    if (ranges[i].begin > covered) return unused(covered, ranges[i].begin);
    covered = ranges[i].end;
  }
  return covered == data_bytes ? absl::OkStatus() : unused(covered, data_bytes);
}

absl::Status ReadTensor(const Range& range, const Json& entry, const std::string& dtype,
                        absl::Span<const std::byte> data, SafetensorsHeader* header) {
  ASSIGN_OR_RETURN(std::vector<int64_t> shape, ReadShape(range.name, entry));
  const uint64_t size = range.end - range.begin;
  const ElementType* element = FindElementType(dtype);
  StoredTensor tensor{.name = range.name,
                      .type = element == nullptr ? GgmlType::kF32 : element->type,
                      .shape = std::move(shape),
                      .data = data.subspan(range.begin, size)};
  const auto elements = static_cast<uint64_t>(tensor.ElementCount());
  const auto wrong_size = [&] {
    return Damaged(range.name, absl::StrCat("has ", size, " bytes for ", elements, " elements of ",
                                            absl::CEscape(dtype.substr(0, kShownDtypeBytes)), "; ",
                                            DescribeMember(entry, "shape")));
  };
  if (element == nullptr) {
    if (elements > size * kMaxElementsPerByte) return wrong_size();
    header->unread.push_back({.name = range.name,
                              .type = absl::CEscape(dtype.substr(0, kShownDtypeBytes)),
                              .shape = tensor.shape,
                              .elements = tensor.ElementCount(),
                              .bytes = static_cast<int64_t>(size)});
    return absl::OkStatus();
  }
  const auto element_bytes = static_cast<uint64_t>(element->bytes);
  if (size % element_bytes != 0 || size / element_bytes != elements) return wrong_size();
  header->tensors.push_back(std::move(tensor));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::Span<const std::byte> file) {
  ASSIGN_OR_RETURN(const uint64_t length, HeaderLength(file));
  const auto* text = reinterpret_cast<const char*>(file.data()) + kLengthBytes;
  const absl::StatusOr<Json> json =
      ParseJsonObject({text, static_cast<size_t>(length)}, DuplicateKeys::kRefused);
  if (!json.ok()) return Annotate(json.status(), "header");
  const absl::Span<const std::byte> data = file.subspan(kLengthBytes + length);
  SafetensorsHeader header;
  std::vector<Range> ranges;
  for (const auto& [name, entry] : json->items()) {
    if (name == "__metadata__") continue;
    if (!entry.is_object()) {
      return Damaged(name, absl::StrCat("is ", ShortJson(entry), ", which has no dtype"));
    }
    const auto dtype = entry.find("dtype");
    if (dtype == entry.end() || !dtype->is_string()) {
      return Damaged(name, absl::StrCat(DescribeMember(entry, "dtype"), ", not a type's name"));
    }
    ASSIGN_OR_RETURN(Range range, ReadRange(name, entry, data.size()));
    RETURN_IF_ERROR(ReadTensor(range, entry, dtype->get<std::string>(), data, &header));
    ranges.push_back(std::move(range));
  }
  RETURN_IF_ERROR(CheckCovered(std::move(ranges), data.size()));
  return header;
}

}  // namespace assay::engine
