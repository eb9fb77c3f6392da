// Opens GGUF files and returns their metadata and tensors. gguf_parser.cc parses the header.
#include "engine/formats/gguf.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/gguf_parts.h"
#include "base/status_macros.h"
#include "engine/formats/gguf_parser.h"
#include "engine/formats/gguf_value.h"
#include "engine/formats/quoted.h"

namespace assay::engine {
namespace {

constexpr char kSplitNumber[] = "split.no";
constexpr char kSplitCount[] = "split.count";
constexpr char kSplitTensors[] = "split.tensors.count";

// The prefix of errors about a metadata key.
std::string KeyOf(const std::string& path, std::string_view key) {
  return absl::StrCat(path, ": metadata ", Quoted(std::string(key)));
}

absl::Status WrongType(const std::string& path, std::string_view key, const GgufValue& value,
                       const char* expected) {
  return absl::DataLossError(
      absl::StrCat(KeyOf(path, key), " is ", DescribeGgufValue(value), ", not ", expected));
}

absl::Status TooLarge(const std::string& path, std::string_view key, uint64_t number) {
  return absl::DataLossError(
      absl::StrCat(KeyOf(path, key), " is or contains ", number, ", more than ", INT64_MAX));
}

// Returns -1 if the key is missing or not a whole number.
int64_t WholeNumber(const GgufMetadata& metadata, const char* key) {
  const auto it = metadata.find(key);
  if (it == metadata.end()) return -1;
  if (const auto* number = std::get_if<int64_t>(&it->second)) return *number;
  const auto* number = std::get_if<uint64_t>(&it->second);
  return number == nullptr || *number > static_cast<uint64_t>(INT64_MAX)
             ? -1
             : static_cast<int64_t>(*number);
}

absl::Status CheckPart(const std::string& path, const GgufMetadata& metadata, int64_t part,
                       int64_t count) {
  const int64_t number = WholeNumber(metadata, kSplitNumber) + 1;
  if (number == part && WholeNumber(metadata, kSplitCount) == count) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, ": its metadata says part ", number, " of ",
                                          WholeNumber(metadata, kSplitCount),
                                          ", but its name says part ", part, " of ", count));
}

}  // namespace

absl::StatusOr<std::unique_ptr<GgufFile>> GgufFile::Open(const std::string& path) {
  auto file = std::unique_ptr<GgufFile>(new GgufFile());
  file->path_ = path;
  ASSIGN_OR_RETURN(GgufMetadata metadata, file->AddFile(path));
  file->metadata_ = std::move(metadata);
  if (!file->HasKey(kSplitCount)) return file;
  ASSIGN_OR_RETURN(const int64_t count, file->GetInt(kSplitCount, 0, kMaxGgufParts));
  if (count > 1) return OpenParts(path, count);
  return file;
}

int64_t GgufFile::HeaderBytes(const std::string& path) {
  const std::optional<GgufPartName> name = ParseGgufPartName(path);
  int64_t bytes = 0;
  for (int64_t part = 1; part <= (name.has_value() ? name->count : 1); ++part) {
    const auto mapped = MappedFile::Open(name.has_value() ? name->PathOf(part) : path);
    if (mapped.ok()) bytes += static_cast<int64_t>(GgufHeaderBytes((*mapped)->bytes()));
  }
  return bytes;
}

absl::StatusOr<std::unique_ptr<GgufFile>> GgufFile::OpenParts(const std::string& path,
                                                              int64_t count) {
  const std::optional<GgufPartName> name = ParseGgufPartName(path);
  if (!name.has_value() || name->count != count) {
    return absl::DataLossError(
        absl::StrCat(path, ": is one of ", count,
                     " parts of a model (split.count), but its name does not end in the form ",
                     GgufPartName{.prefix = "", .number = 1, .count = count}.PathOf(1),
                     ", which is needed to find the others; restore the names of all parts"));
  }
  auto file = std::unique_ptr<GgufFile>(new GgufFile());
  file->path_ = path;
  for (int64_t part = 1; part <= count; ++part) {
    const std::string part_path = name->PathOf(part);
    absl::StatusOr<GgufMetadata> metadata = file->AddFile(part_path);
    if (absl::IsNotFound(metadata.status())) {
      return absl::DataLossError(absl::StrCat(path, ": is part ", name->number, " of ", count,
                                              " of a model, but part ", part, ", ", part_path,
                                              ", is missing; download all parts into one folder"));
    }
    if (!metadata.ok()) return metadata.status();
    RETURN_IF_ERROR(CheckPart(part_path, *metadata, part, count));
    // The other parts have only their number as metadata.
    if (part == 1) file->metadata_ = *std::move(metadata);
  }
  const auto tensors = static_cast<int64_t>(file->tensors_.size() + file->unread_.size());
  const int64_t expected = WholeNumber(file->metadata_, kSplitTensors);
  if (expected == -1 || expected == tensors) return file;
  return absl::DataLossError(absl::StrCat(path, ": its ", count, " parts have ", tensors,
                                          " tensors, but ", kSplitTensors, " is ", expected));
}

absl::StatusOr<GgufMetadata> GgufFile::AddFile(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<MappedFile> mapped, MappedFile::Open(path));
  absl::StatusOr<GgufHeader> header = ParseGgufHeader(mapped->bytes());
  RETURN_IF_ERROR(Annotate(mapped->CheckUnchanged(), path));
  if (!header.ok()) return Annotate(header.status(), path);
  for (StoredTensor& tensor : header->tensors) {
    const Place place{.tensor = tensors_.size(), .file = files_.size()};
    if (!places_.try_emplace(tensor.name, place).second) {
      return absl::DataLossError(
          absl::StrCat(path, ": tensor ", Quoted(tensor.name), " is duplicated in another part"));
    }
    tensors_.push_back(std::move(tensor));
  }
  for (UnreadTensor& tensor : header->unread) unread_.push_back(std::move(tensor));
  version_ = header->version;
  files_.push_back({.path = path, .mapped = std::move(mapped)});
  return std::move(header->metadata);
}

const StoredTensor* GgufFile::FindTensor(std::string_view name) const {
  const auto it = places_.find(std::string(name));
  return it == places_.end() ? nullptr : &tensors_[it->second.tensor];
}

bool GgufFile::HasKey(std::string_view key) const { return metadata_.contains(std::string(key)); }

bool GgufFile::IsArray(std::string_view key) const {
  const auto it = metadata_.find(std::string(key));
  return it != metadata_.end() && std::holds_alternative<GgufArray>(it->second);
}

absl::StatusOr<const GgufValue*> GgufFile::Find(std::string_view key) const {
  const auto it = metadata_.find(std::string(key));
  if (it != metadata_.end()) return &it->second;
  return absl::NotFoundError(absl::StrCat(KeyOf(path_, key), " is missing"));
}

absl::StatusOr<std::string> GgufFile::GetString(std::string_view key) const {
  ASSIGN_OR_RETURN(const GgufValue* value, Find(key));
  if (const auto* text = std::get_if<std::string>(value)) return *text;
  return WrongType(path_, key, *value, "a string");
}

absl::StatusOr<int64_t> GgufFile::GetInt(std::string_view key, int64_t min, int64_t max) const {
  ASSIGN_OR_RETURN(const GgufValue* value, Find(key));
  int64_t number = 0;
  if (const auto* signed_number = std::get_if<int64_t>(value)) {
    number = *signed_number;
  } else if (const auto* unsigned_number = std::get_if<uint64_t>(value)) {
    if (*unsigned_number > static_cast<uint64_t>(INT64_MAX)) {
      return TooLarge(path_, key, *unsigned_number);
    }
    number = static_cast<int64_t>(*unsigned_number);
  } else {
    return WrongType(path_, key, *value, "a whole number");
  }
  if (number < min || number > max) {
    return absl::DataLossError(
        absl::StrCat(KeyOf(path_, key), " is ", number, ", outside ", min, " to ", max));
  }
  return number;
}

absl::StatusOr<double> GgufFile::GetFloat(std::string_view key) const {
  ASSIGN_OR_RETURN(const GgufValue* value, Find(key));
  const auto* number = std::get_if<double>(value);
  if (number == nullptr) return WrongType(path_, key, *value, "a floating-point number");
  if (std::isfinite(*number)) return *number;
  return absl::DataLossError(absl::StrCat(KeyOf(path_, key), " is ", *number));
}

absl::StatusOr<bool> GgufFile::GetBool(std::string_view key) const {
  ASSIGN_OR_RETURN(const GgufValue* value, Find(key));
  if (const auto* flag = std::get_if<bool>(value)) return *flag;
  return WrongType(path_, key, *value, "a boolean");
}

absl::StatusOr<GgufItems> GgufFile::DecodeArray(std::string_view key, const GgufValue& value,
                                                const char* expected) const {
  const auto* array = std::get_if<GgufArray>(&value);
  if (array == nullptr) return WrongType(path_, key, value, expected);
  absl::StatusOr<GgufItems> items = DecodeGgufArray(*array);
  // The metadata is that of the first file.
  RETURN_IF_ERROR(Annotate(files_.front().mapped->CheckPresent(array->bytes), files_.front().path));
  if (!items.ok()) return Annotate(items.status(), KeyOf(path_, key));
  return items;
}

absl::StatusOr<std::vector<std::string>> GgufFile::GetStrings(std::string_view key) const {
  constexpr char kExpected[] = "an array of strings";
  ASSIGN_OR_RETURN(const GgufValue* value, Find(key));
  ASSIGN_OR_RETURN(GgufItems items, DecodeArray(key, *value, kExpected));
  if (auto* strings = std::get_if<std::vector<std::string>>(&items)) return std::move(*strings);
  return WrongType(path_, key, *value, kExpected);
}

absl::StatusOr<std::vector<int64_t>> GgufFile::GetInts(std::string_view key) const {
  constexpr char kExpected[] = "an array of whole numbers";
  ASSIGN_OR_RETURN(const GgufValue* value, Find(key));
  ASSIGN_OR_RETURN(GgufItems items, DecodeArray(key, *value, kExpected));
  if (auto* ints = std::get_if<std::vector<int64_t>>(&items)) return std::move(*ints);
  if (const auto* unsigned_ints = std::get_if<std::vector<uint64_t>>(&items)) {
    for (const uint64_t number : *unsigned_ints) {
      if (number > static_cast<uint64_t>(INT64_MAX)) return TooLarge(path_, key, number);
    }
    return std::vector<int64_t>(unsigned_ints->begin(), unsigned_ints->end());
  }
  if (const auto* flags = std::get_if<std::vector<bool>>(&items)) {
    return std::vector<int64_t>(flags->begin(), flags->end());
  }
  return WrongType(path_, key, *value, kExpected);
}

absl::StatusOr<std::vector<double>> GgufFile::GetFloats(std::string_view key) const {
  constexpr char kExpected[] = "an array of numbers";
  ASSIGN_OR_RETURN(const GgufValue* value, Find(key));
  ASSIGN_OR_RETURN(GgufItems items, DecodeArray(key, *value, kExpected));
  auto* floats = std::get_if<std::vector<double>>(&items);
  if (floats == nullptr) return WrongType(path_, key, *value, kExpected);
  const auto infinite = std::find_if_not(floats->begin(), floats->end(),
                                         [](double number) { return std::isfinite(number); });
  if (infinite == floats->end()) return std::move(*floats);
  return absl::DataLossError(
      absl::StrCat(KeyOf(path_, key), "[", infinite - floats->begin(), "] is ", *infinite));
}

absl::Status GgufFile::CheckPresent(const StoredTensor& tensor) const {
  const auto it = places_.find(tensor.name);
  if (it == places_.end()) return absl::OkStatus();
  const File& file = files_[it->second.file];
  return Annotate(file.mapped->CheckPresent(tensor.data),
                  absl::StrCat(file.path, ": tensor ", Quoted(tensor.name)));
}

absl::Status GgufFile::CheckUnchanged() const {
  for (const File& file : files_) {
    RETURN_IF_ERROR(Annotate(file.mapped->CheckUnchanged(), file.path));
  }
  return absl::OkStatus();
}

void GgufFile::ReleasePages(const StoredTensor& tensor) const {
  const auto it = places_.find(tensor.name);
  if (it != places_.end()) files_[it->second.file].mapped->Release(tensor.data);
}

}  // namespace assay::engine
