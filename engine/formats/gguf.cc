// GGUF files: the accessors; gguf_parser.cc reads the header.
#include "engine/formats/gguf.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/formats/gguf_parser.h"

namespace assay::engine {
namespace {

absl::Status WrongType(const std::string& path, std::string_view key, const char* wanted) {
  return absl::DataLossError(
      absl::StrCat(path, ": metadata '", std::string(key), "' is not ", wanted));
}

absl::Status TooLarge(const std::string& path, std::string_view key, uint64_t number) {
  return absl::DataLossError(absl::StrCat(path, ": metadata '", std::string(key), "' is or holds ",
                                          number, ", more than ", INT64_MAX));
}

}  // namespace

int64_t StoredTensor::ElementCount() const {
  int64_t count = 1;
  for (const int64_t dimension : shape) count *= dimension;
  return count;
}

absl::StatusOr<std::unique_ptr<GgufFile>> GgufFile::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<MappedFile>> mapped = MappedFile::Open(path);
  if (!mapped.ok()) return mapped.status();
  absl::StatusOr<GgufHeader> header = ParseGgufHeader((*mapped)->bytes());
  if (!header.ok()) {
    return absl::Status(header.status().code(),
                        absl::StrCat(path, ": ", header.status().message()));
  }
  auto file = std::unique_ptr<GgufFile>(new GgufFile());
  file->path_ = path;
  file->file_ = *std::move(mapped);
  file->version_ = header->version;
  file->metadata_ = std::move(header->metadata);
  file->tensors_ = std::move(header->tensors);
  for (size_t i = 0; i < file->tensors_.size(); ++i) {
    file->tensor_index_[file->tensors_[i].name] = i;
  }
  return file;
}

const StoredTensor* GgufFile::FindTensor(std::string_view name) const {
  const auto it = tensor_index_.find(std::string(name));
  return it == tensor_index_.end() ? nullptr : &tensors_[it->second];
}

bool GgufFile::HasKey(std::string_view key) const { return metadata_.contains(std::string(key)); }

absl::StatusOr<const GgufValue*> GgufFile::Find(std::string_view key) const {
  const auto it = metadata_.find(std::string(key));
  if (it != metadata_.end()) return &it->second;
  return absl::NotFoundError(absl::StrCat(path_, ": metadata '", std::string(key), "' is missing"));
}

absl::StatusOr<std::string> GgufFile::GetString(std::string_view key) const {
  const absl::StatusOr<const GgufValue*> value = Find(key);
  if (!value.ok()) return value.status();
  if (const auto* text = std::get_if<std::string>(*value)) return *text;
  return WrongType(path_, key, "a string");
}

absl::StatusOr<int64_t> GgufFile::GetInt(std::string_view key, int64_t min, int64_t max) const {
  const absl::StatusOr<const GgufValue*> value = Find(key);
  if (!value.ok()) return value.status();
  int64_t number = 0;
  if (const auto* with_sign = std::get_if<int64_t>(*value)) {
    number = *with_sign;
  } else if (const auto* without_sign = std::get_if<uint64_t>(*value)) {
    if (*without_sign > static_cast<uint64_t>(INT64_MAX)) {
      return TooLarge(path_, key, *without_sign);
    }
    number = static_cast<int64_t>(*without_sign);
  } else {
    return WrongType(path_, key, "a whole number");
  }
  if (number < min || number > max) {
    return absl::DataLossError(absl::StrCat(path_, ": metadata '", std::string(key), "' is ",
                                            number, ", outside ", min, " to ", max));
  }
  return number;
}

absl::StatusOr<double> GgufFile::GetFloat(std::string_view key) const {
  const absl::StatusOr<const GgufValue*> value = Find(key);
  if (!value.ok()) return value.status();
  const auto* number = std::get_if<double>(*value);
  if (number == nullptr) return WrongType(path_, key, "a floating-point number");
  if (std::isfinite(*number)) return *number;
  return absl::DataLossError(
      absl::StrCat(path_, ": metadata '", std::string(key), "' is ", *number));
}

absl::StatusOr<bool> GgufFile::GetBool(std::string_view key) const {
  const absl::StatusOr<const GgufValue*> value = Find(key);
  if (!value.ok()) return value.status();
  if (const auto* flag = std::get_if<bool>(*value)) return *flag;
  return WrongType(path_, key, "a boolean");
}

absl::StatusOr<const std::vector<std::string>*> GgufFile::GetStrings(std::string_view key) const {
  const absl::StatusOr<const GgufValue*> value = Find(key);
  if (!value.ok()) return value.status();
  if (const auto* array = std::get_if<GgufArray>(*value)) {
    if (const auto* strings = std::get_if<std::vector<std::string>>(array)) return strings;
  }
  return WrongType(path_, key, "an array of strings");
}

absl::StatusOr<std::vector<int64_t>> GgufFile::GetInts(std::string_view key) const {
  const absl::StatusOr<const GgufValue*> value = Find(key);
  if (!value.ok()) return value.status();
  if (const auto* array = std::get_if<GgufArray>(*value)) {
    if (const auto* ints = std::get_if<std::vector<int64_t>>(array)) return *ints;
    if (const auto* unsigned_ints = std::get_if<std::vector<uint64_t>>(array)) {
      for (const uint64_t number : *unsigned_ints) {
        if (number > static_cast<uint64_t>(INT64_MAX)) return TooLarge(path_, key, number);
      }
      return std::vector<int64_t>(unsigned_ints->begin(), unsigned_ints->end());
    }
  }
  return WrongType(path_, key, "an array of whole numbers");
}

absl::StatusOr<std::vector<double>> GgufFile::GetFloats(std::string_view key) const {
  const absl::StatusOr<const GgufValue*> value = Find(key);
  if (!value.ok()) return value.status();
  if (const auto* array = std::get_if<GgufArray>(*value)) {
    if (const auto* floats = std::get_if<std::vector<double>>(array)) {
      const auto infinite = std::find_if_not(floats->begin(), floats->end(),
                                             [](double number) { return std::isfinite(number); });
      if (infinite == floats->end()) return *floats;
      return absl::DataLossError(absl::StrCat(path_, ": metadata '", std::string(key), "'[",
                                              infinite - floats->begin(), "] is ", *infinite));
    }
  }
  return WrongType(path_, key, "an array of numbers");
}

absl::Status GgufFile::CheckPresent(const StoredTensor& tensor) const {
  absl::Status status = file_->CheckPresent(tensor.data);
  if (status.ok()) return status;
  return {status.code(),
          absl::StrCat(path_, ": tensor '", tensor.name, "': the file ", status.message())};
}

void GgufFile::ReleasePages(const StoredTensor& tensor) const { file_->Release(tensor.data); }

}  // namespace assay::engine
