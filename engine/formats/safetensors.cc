// Opens safetensors checkpoints.
#include "engine/formats/safetensors.h"

#include <cstdint>
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
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "engine/formats/quoted.h"
#include "engine/formats/safetensors_parser.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxIndexBytes = 64 << 20;
constexpr size_t kMaxShards = 1024;

constexpr char kSingleFile[] = "model.safetensors";
constexpr char kIndexFile[] = "model.safetensors.index.json";

// True for a plain file name: an index must not refer outside of its folder.
bool IsFileName(const std::string& name) {
  return !name.empty() && name[0] != '.' && !absl::StrContains(name, '/') &&
         !absl::StrContains(name, '\0');
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
        "does not read pickles. Use a revision with safetensors (on the Hub: refs/pr of the bot "
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
  // An interrupted download leaves an empty file.
  if (absl::IsInvalidArgument(file.status())) return absl::DataLossError(file.status().message());
  if (!file.ok()) return file.status();
  absl::StatusOr<SafetensorsHeader> header = ParseSafetensorsHeader((*file)->bytes());
  RETURN_IF_ERROR(Annotate((*file)->CheckUnchanged(), path));
  if (!header.ok()) return Annotate(header.status(), path);
  for (StoredTensor& tensor : header->tensors) {
    const Place place{.tensor = tensors_.size(), .file = files_.size()};
    if (!places_.try_emplace(tensor.name, place).second) {
      return absl::DataLossError(
          absl::StrCat(path, ": tensor ", Quoted(tensor.name), " is duplicated in another shard"));
    }
    tensors_.push_back(std::move(tensor));
  }
  for (UnreadTensor& tensor : header->unread) unread_.push_back(std::move(tensor));
  paths_.push_back(path);
  files_.push_back(*std::move(file));
  return absl::OkStatus();
}

absl::Status SafetensorsCheckpoint::AddShards(const std::string& folder,
                                              const std::string& index_path) {
  ASSIGN_OR_RETURN(const Json index, ReadJsonFile(index_path, kMaxIndexBytes));
  const auto map = index.find("weight_map");
  if (map == index.end() || !map->is_object() || map->empty()) {
    return absl::DataLossError(absl::StrCat(index_path, ": weight_map is missing or empty"));
  }
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : map->items()) {
    if (!shard.is_string() || !IsFileName(shard.get<std::string>())) {
      return absl::DataLossError(absl::StrCat(index_path, ": weight_map of ", Quoted(tensor),
                                              " is ", ShortJson(shard),
                                              ", which is not a file name"));
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
      return absl::DataLossError(absl::StrCat(index_path, ": names the shard ", Quoted(shard),
                                              ", which is missing; download the model again"));
    }
    if (!added.ok()) return added;
  }
  absl::flat_hash_set<std::string> unread;
  for (const UnreadTensor& tensor : unread_) unread.insert(tensor.name);
  for (const auto& [tensor, shard] : map->items()) {
    if (!places_.contains(tensor) && !unread.contains(tensor)) {
      return absl::DataLossError(absl::StrCat(index_path, ": tensor ", Quoted(tensor),
                                              " is not in ", Quoted(shard.get<std::string>())));
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
  return Annotate(files_[it->second.file]->CheckPresent(tensor.data),
                  absl::StrCat(paths_[it->second.file], ": tensor ", Quoted(tensor.name)));
}

absl::Status SafetensorsCheckpoint::CheckUnchanged() const {
  for (size_t i = 0; i < files_.size(); ++i) {
    RETURN_IF_ERROR(Annotate(files_[i]->CheckUnchanged(), paths_[i]));
  }
  return absl::OkStatus();
}

void SafetensorsCheckpoint::ReleasePages(const StoredTensor& tensor) const {
  const auto it = places_.find(tensor.name);
  if (it != places_.end()) files_[it->second.file]->Release(tensor.data);
}

}  // namespace assay::engine
