// Opens model files and reads their configuration.
#include "engine/architectures/model_files.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "engine/architectures/config_reader.h"
#include "engine/architectures/gguf_config.h"
#include "engine/architectures/gguf_keys.h"
#include "engine/architectures/tied_output.h"
#include "engine/formats/json_file.h"
#include "engine/formats/quoted.h"
#include "engine/formats/safetensors.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxConfigBytes = 16 << 20;
constexpr size_t kShownFiles = 8;

absl::StatusOr<ModelSpec> Describe(const Architecture& architecture, ConfigReader& read) {
  ModelSpec spec;
  spec.architecture = architecture.name;
  architecture.describe(read, spec);
  if (!read.status().ok()) return read.status();
  return spec;
}

absl::StatusOr<ModelFiles> OpenGguf(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<GgufFile> file, GgufFile::Open(path));
  const absl::StatusOr<std::string> name = file->GetString("general.architecture");
  if (absl::IsNotFound(name.status())) {
    return absl::DataLossError(absl::StrCat(path, ": the key general.architecture is missing"));
  }
  if (!name.ok()) return name.status();
  const Architecture* architecture = FindGgufArchitecture(*name);
  if (architecture == nullptr) {
    return absl::UnimplementedError(absl::StrCat(path, ": architecture ", Quoted(*name),
                                                 " is not supported; the supported ones are ",
                                                 GgufArchitecturesText()));
  }
  ASSIGN_OR_RETURN(const Json config, GgufConfig(*file, *name));
  ConfigReader read(config, path, [&](std::string_view key) { return GgufKeyName(key, *name); });
  ASSIGN_OR_RETURN(ModelSpec spec, Describe(*architecture, read));
  const int64_t value_dim =
      read.IntOr({kGgufValueDim}, ConfigReader::kMaxWidth, spec.attention.head_dim);
  if (value_dim != spec.attention.head_dim) {
    read.Fail(absl::StrCat(GgufKeyName(kGgufValueDim, *name), " is ", value_dim,
                           "; it must equal the size of the keys, ", spec.attention.head_dim));
  }
  if (!read.status().ok()) return read.status();
  ModelFiles files{.path = path,
                   .name = file->GetString("general.name").value_or(path),
                   .architecture = architecture,
                   .spec = std::move(spec),
                   .gguf = file.get()};
  files.tensors = std::move(file);
  return files;
}

// Multimodal models have the configuration of the text model in a separate object, except that
// tie_word_embeddings outside it counts for the whole model.
Json TextConfig(const Json& config) {
  const auto text = config.find("text_config");
  if (config["model_type"] != "gemma3" || text == config.end() || !text->is_object()) return config;
  Json merged = *text;
  merged.erase("tie_word_embeddings");
  const auto tied = config.find("tie_word_embeddings");
  if (tied != config.end()) merged["tie_word_embeddings"] = *tied;
  return merged;
}

// Returns the error for a folder without config.json.
absl::Status NoConfig(const std::filesystem::path& folder) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".gguf") files.push_back(entry.path().filename().string());
  }
  if (files.empty()) {
    return absl::DataLossError(absl::StrCat(
        folder.string(),
        ": has no config.json; it is not a model folder, or its download is incomplete"));
  }
  std::sort(files.begin(), files.end());
  if (files.size() > kShownFiles) files.resize(kShownFiles);
  return absl::InvalidArgumentError(
      absl::StrCat(folder.string(),
                   ": is a folder of GGUF files; give one of them: ", absl::StrJoin(files, ", ")));
}

// Returns the model folder that `path` is or has its file in; empty if it is a GGUF file.
std::string FolderOf(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return path;
  const std::filesystem::path file(path);
  if (file.extension() == ".safetensors" && std::filesystem::exists(file, ignored)) {
    return file.parent_path().string();
  }
  return "";
}

absl::StatusOr<ModelFiles> OpenFolder(const std::string& path) {
  const std::filesystem::path folder(path);
  const std::string config_path = (folder / "config.json").string();
  const absl::StatusOr<Json> json = ReadJsonFile(config_path, kMaxConfigBytes);
  if (absl::IsNotFound(json.status())) return NoConfig(folder);
  if (!json.ok()) return json.status();
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(*json, config_path));
  ConfigReader top(*json, config_path);
  absl::StatusOr<std::unique_ptr<SafetensorsCheckpoint>> tensors =
      SafetensorsCheckpoint::Open(path);
  // A folder with a configuration must have weights.
  if (absl::IsNotFound(tensors.status())) return absl::DataLossError(tensors.status().message());
  if (!tensors.ok()) return tensors.status();
  ModelFiles files{.path = path,
                   .name = top.StringOr({"_name_or_path"}, ""),
                   .architecture = config.architecture,
                   .spec = std::move(config.spec),
                   .tensors = *std::move(tensors),
                   .gguf = nullptr};
  if (files.name.empty()) files.name = std::filesystem::absolute(folder).filename().string();
  RETURN_IF_ERROR(CheckTiedOutput(TieCheck::kSample, &files));
  return files;
}

}  // namespace

absl::StatusOr<ModelConfig> ReadModelConfig(const Json& config, const std::string& path) {
  ConfigReader top(config, path);
  const std::string type = top.StringOr({"model_type"}, "");
  if (!top.status().ok()) return top.status();
  const Architecture* architecture = FindModelType(type);
  if (architecture == nullptr) {
    return absl::UnimplementedError(absl::StrCat(path, ": model_type ", Quoted(type),
                                                 " is not supported; the supported ones are ",
                                                 ModelTypesText()));
  }
  const Json text = TextConfig(config);
  ConfigReader read(text, path);
  if (top.Has("quantization_config") || read.Has("quantization_config")) {
    return absl::UnimplementedError(
        absl::StrCat(path,
                     ": quantization_config is set: weights quantized by another program are not "
                     "supported; use the original model, or a GGUF file"));
  }
  if (read.Has("per_layer_config")) {
    read.Unsupported("per_layer_config is set; layers that differ in size are not supported");
  }
  ASSIGN_OR_RETURN(ModelSpec spec, Describe(*architecture, read));
  return ModelConfig{.architecture = architecture, .spec = std::move(spec)};
}

int64_t ModelFiles::ParameterCount() const {
  int64_t count = 0;
  for (const StoredTensor& tensor : tensors->tensors()) count += tensor.ElementCount();
  for (const UnreadTensor& tensor : tensors->unread()) count += tensor.elements;
  return count;
}

std::string ModelFiles::MainType() const {
  std::map<GgmlType, int64_t> elements;
  for (const StoredTensor& tensor : tensors->tensors()) {
    elements[tensor.type] += tensor.ElementCount();
  }
  const auto most =
      std::max_element(elements.begin(), elements.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == elements.end() ? "" : GgmlTypeName(most->first);
}

absl::StatusOr<ModelFiles> OpenModelFiles(const std::string& path) {
  const std::string folder = FolderOf(path);
  return folder.empty() ? OpenGguf(path) : OpenFolder(folder);
}

bool IsEncoder(const std::string& path) {
  const std::string folder = FolderOf(path);
  if (folder.empty()) return false;
  const std::string config = (std::filesystem::path(folder) / "config.json").string();
  const absl::StatusOr<Json> json = ReadJsonFile(config, kMaxConfigBytes);
  if (!json.ok()) return false;
  const Architecture* architecture =
      FindModelType(ConfigReader(*json, config).StringOr({"model_type"}, ""));
  return architecture != nullptr && architecture->encoder;
}

}  // namespace assay::engine
