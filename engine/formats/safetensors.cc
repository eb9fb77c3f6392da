// Safetensors checkpoints.
#include "engine/formats/safetensors.h"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/formats/json_file.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr int64_t kMaxIndexBytes = 64 << 20;
constexpr size_t kLengthBytes = sizeof(uint64_t);
constexpr size_t kMaxDimensions = 8;
constexpr size_t kMaxShards = 1024;

constexpr char kSingleFile[] = "model.safetensors";
constexpr char kIndexFile[] = "model.safetensors.index.json";

struct ElementType {
  GgmlType type;
  int64_t bytes;
};

// Null type name: not read.
const ElementType* FindElementType(const std::string& dtype) {
  static constexpr ElementType kF32{GgmlType::kF32, 4};
  static constexpr ElementType kF16{GgmlType::kF16, 2};
  static constexpr ElementType kBF16{GgmlType::kBF16, 2};
  if (dtype == "F32") return &kF32;
  if (dtype == "F16") return &kF16;
  if (dtype == "BF16") return &kBF16;
  return nullptr;
}

absl::Status Damaged(const std::string& tensor, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("tensor ", tensor, ": ", what));
}

// [first, second) within the file's data part.
absl::StatusOr<std::pair<uint64_t, uint64_t>> ReadOffsets(const std::string& name,
                                                          const Json& entry, uint64_t data_bytes) {
  const auto it = entry.find("data_offsets");
  if (it == entry.end() || !it->is_array() || it->size() != 2 || !(*it)[0].is_number_unsigned() ||
      !(*it)[1].is_number_unsigned()) {
    return Damaged(name, "data_offsets is not a pair of whole numbers");
  }
  const auto begin = (*it)[0].get<uint64_t>();
  const auto end = (*it)[1].get<uint64_t>();
  if (begin > end || end > data_bytes) {
    return Damaged(name, absl::StrCat("data_offsets [", begin, ", ", end,
                                      "] lie outside the file's ", data_bytes, " bytes of data"));
  }
  return std::make_pair(begin, end);
}

// The product of the dimensions is at most `max_elements`.
absl::StatusOr<std::vector<int64_t>> ReadShape(const std::string& name, const Json& entry,
                                               uint64_t max_elements) {
  const auto it = entry.find("shape");
  if (it == entry.end() || !it->is_array() || it->size() > kMaxDimensions) {
    return Damaged(name, absl::StrCat("shape is not a list of at most ", kMaxDimensions, " sizes"));
  }
  std::vector<int64_t> shape;
  uint64_t elements = 1;
  for (const Json& size : *it) {
    if (!size.is_number_unsigned()) return Damaged(name, "shape has what is no whole number");
    const auto dimension = size.get<uint64_t>();
    if (dimension == 0) return Damaged(name, "shape has a size of 0");
    if (dimension > max_elements / elements) {
      return Damaged(name,
                     absl::StrCat("shape has more elements than the tensor's bytes can hold (",
                                  max_elements, ")"));
    }
    elements *= dimension;
    shape.push_back(static_cast<int64_t>(dimension));
  }
  return shape;
}

absl::StatusOr<Json> ReadHeader(absl::Span<const std::byte> bytes) {
  if (bytes.size() < kLengthBytes) return absl::DataLossError("shorter than its header's length");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    return absl::DataLossError(absl::StrCat("header of ", length, " bytes in a file of ",
                                            bytes.size(), " (limit ", kMaxHeaderBytes, ")"));
  }
  const auto* text = reinterpret_cast<const char*>(bytes.data()) + kLengthBytes;
  return ParseJsonObject({text, static_cast<size_t>(length)});
}

}  // namespace

absl::StatusOr<std::unique_ptr<SafetensorsCheckpoint>> SafetensorsCheckpoint::Open(
    const std::string& folder) {
  auto checkpoint = std::unique_ptr<SafetensorsCheckpoint>(new SafetensorsCheckpoint());
  checkpoint->path_ = folder;
  const std::filesystem::path root(folder);
  std::error_code ignored;
  absl::Status status;
  if (std::filesystem::exists(root / kIndexFile, ignored)) {
    status = checkpoint->AddShards(folder, (root / kIndexFile).string());
  } else if (std::filesystem::exists(root / kSingleFile, ignored)) {
    status = checkpoint->AddFile((root / kSingleFile).string());
  } else if (std::filesystem::exists(root / "pytorch_model.bin", ignored) ||
             std::filesystem::exists(root / "pytorch_model.bin.index.json", ignored)) {
    status = absl::FailedPreconditionError(absl::StrCat(
        folder,
        ": has only pytorch_model.bin, a Python pickle, which can run code when it is read; Assay "
        "does not read pickles. Take a revision with safetensors (on the Hub: refs/pr of the bot "
        "SFconvertbot), or convert it with transformers' save_pretrained()"));
  } else {
    status = absl::NotFoundError(
        absl::StrCat(folder, ": has neither ", kSingleFile, " nor ", kIndexFile));
  }
  if (!status.ok()) return status;
  return checkpoint;
}

absl::Status SafetensorsCheckpoint::AddFile(const std::string& path) {
  absl::StatusOr<std::unique_ptr<MappedFile>> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const absl::Span<const std::byte> bytes = (*file)->bytes();
  const auto fail = [&](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
  };
  const absl::StatusOr<Json> header = ReadHeader(bytes);
  if (!header.ok()) return fail(header.status());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  const absl::Span<const std::byte> data = bytes.subspan(kLengthBytes + length);
  for (const auto& [name, entry] : header->items()) {
    if (name == "__metadata__") continue;
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string()) {
      return fail(Damaged(name, "has no dtype"));
    }
    const auto dtype = entry["dtype"].get<std::string>();
    const absl::StatusOr<std::pair<uint64_t, uint64_t>> offsets =
        ReadOffsets(name, entry, data.size());
    if (!offsets.ok()) return fail(offsets.status());
    const ElementType* element = FindElementType(dtype);
    if (element == nullptr) {
      unreadable_.push_back({name, dtype});
      continue;
    }
    const uint64_t size = offsets->second - offsets->first;
    absl::StatusOr<std::vector<int64_t>> shape =
        ReadShape(name, entry, size / static_cast<uint64_t>(element->bytes));
    if (!shape.ok()) return fail(shape.status());
    StoredTensor tensor{.name = name,
                        .type = element->type,
                        .shape = *std::move(shape),
                        .data = data.subspan(offsets->first, size)};
    if (static_cast<uint64_t>(tensor.ElementCount() * element->bytes) != size) {
      return fail(Damaged(name, absl::StrCat("has ", size, " bytes for ", tensor.ElementCount(),
                                             " elements of ", dtype)));
    }
    if (!places_.try_emplace(name, Place{tensors_.size(), files_.size()}).second) {
      return fail(Damaged(name, "stands in two shards"));
    }
    tensors_.push_back(std::move(tensor));
  }
  files_.push_back(*std::move(file));
  return absl::OkStatus();
}

absl::Status SafetensorsCheckpoint::AddShards(const std::string& folder,
                                              const std::string& index_path) {
  const absl::StatusOr<Json> index = ReadJsonFile(index_path, kMaxIndexBytes);
  if (!index.ok()) return index.status();
  const auto map = index->find("weight_map");
  if (map == index->end() || !map->is_object() || map->empty()) {
    return absl::DataLossError(absl::StrCat(index_path, ": weight_map is missing or empty"));
  }
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : map->items()) {
    // A plain name: an index must not lead out of its folder.
    if (!shard.is_string() || absl::StrContains(shard.get<std::string>(), '/') ||
        shard.get<std::string>().empty() || shard.get<std::string>()[0] == '.') {
      return absl::DataLossError(absl::StrCat(index_path, ": weight_map of ", tensor, " is ",
                                              shard.dump().substr(0, 100),
                                              ", which is not a file's name"));
    }
    shards.insert(shard.get<std::string>());
  }
  if (shards.size() > kMaxShards) {
    return absl::DataLossError(
        absl::StrCat(index_path, ": names ", shards.size(), " shards; the limit is ", kMaxShards));
  }
  for (const std::string& shard : shards) {
    absl::Status added = AddFile((std::filesystem::path(folder) / shard).string());
    if (absl::IsNotFound(added)) {
      return absl::DataLossError(absl::StrCat(index_path, ": names the shard ", shard,
                                              ", which is not there; download the model again"));
    }
    if (!added.ok()) return added;
  }
  absl::flat_hash_set<std::string> unread;
  for (const Unreadable& tensor : unreadable_) unread.insert(tensor.name);
  for (const auto& [tensor, shard] : map->items()) {
    if (!places_.contains(tensor) && !unread.contains(tensor)) {
      return absl::DataLossError(
          absl::StrCat(index_path, ": tensor ", tensor, " is not in ", shard.get<std::string>()));
    }
  }
  return absl::OkStatus();
}

const StoredTensor* SafetensorsCheckpoint::FindTensor(std::string_view name) const {
  const auto it = places_.find(std::string(name));
  return it == places_.end() ? nullptr : &tensors_[it->second.tensor];
}

absl::Status SafetensorsCheckpoint::CheckPresent(const StoredTensor& tensor) const {
  const auto it = places_.find(tensor.name);
  if (it == places_.end()) return absl::OkStatus();
  absl::Status status = files_[it->second.file]->CheckPresent(tensor.data);
  if (status.ok()) return status;
  return {status.code(),
          absl::StrCat(path_, ": tensor ", tensor.name, ": its file ", status.message())};
}

void SafetensorsCheckpoint::ReleasePages(const StoredTensor& tensor) const {
  const auto it = places_.find(tensor.name);
  if (it != places_.end()) files_[it->second.file]->Release(tensor.data);
}

}  // namespace assay::engine
