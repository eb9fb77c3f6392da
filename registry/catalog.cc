// models.yaml, read and checked.
#include "registry/catalog.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "registry/yaml/reader.h"

namespace assay::registry {
namespace {

constexpr size_t kMaxIdLength = 64;
constexpr size_t kMaxContentTypeLength = 32;
constexpr size_t kMaxRepoPartLength = 96;
constexpr int64_t kMaxContext = int64_t{1} << 24;
constexpr int64_t kMaxCacheTokens = int64_t{1} << 26;

bool IsLowerOrDigit(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); }

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdLength && IsLowerOrDigit(id.front()) &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

bool IsContentType(std::string_view type) {
  return !type.empty() && type.size() <= kMaxContentTypeLength &&
         absl::ascii_islower(type.front()) && std::all_of(type.begin(), type.end(), [](char c) {
           return IsLowerOrDigit(c) || c == '_' || c == '-';
         });
}

// One path component that can do no harm in a cache folder.
bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRepoPartLength && name != "." &&
         !absl::StrContains(std::string(name), "..") &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

bool IsRepo(std::string_view repo) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(repo), '/');
  return parts.size() == 2 && IsPlainName(parts[0]) && IsPlainName(parts[1]);
}

bool IsRepoFile(std::string_view file) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(file), '/');
  return std::all_of(parts.begin(), parts.end(), IsPlainName);
}

void ReadHub(YamlMap source, ModelEntry* entry) {
  HubSource hub;
  hub.repo = source.RequiredString("repo");
  hub.revision = source.String("revision", hub.revision);
  hub.file = source.String("file", "");
  if (!IsRepo(hub.repo)) {
    source.Error("repo", absl::StrCat("'", hub.repo, "' is not a repository id as in org/name"));
  }
  if (!IsRepoFile(hub.revision)) {
    source.Error("revision", absl::StrCat("'", hub.revision, "' is not a branch, tag or commit"));
  }
  if (!hub.file.empty() && !IsRepoFile(hub.file)) {
    source.Error("file", absl::StrCat("'", hub.file, "' is not a file of a repository"));
  }
  entry->hub = std::move(hub);
}

void ReadSource(YamlMap map, const std::filesystem::path& folder, ModelEntry* entry) {
  if (!map.Has("source")) {
    map.Error("source",
              "is required: { file: model.gguf }, { file: folder }, { repo: org/name } or "
              "{ repo: org/name, file: model.gguf }");
    return;
  }
  YamlMap source = map.Map("source");
  if (source.Has("repo")) {
    ReadHub(source, entry);
    return;
  }
  entry->path = (folder / source.RequiredString("file")).lexically_normal().string();
  if (source.Has("revision")) source.Error("revision", "goes with repo, not with a file alone");
}

bool IsDevice(std::string_view device) {
  if (device.empty() || device == "auto" || device == "cpu" || device == "mps") return true;
  if (!device.starts_with("cuda")) return false;
  device.remove_prefix(std::string_view("cuda").size());
  return device.empty() || (device.size() <= 3 && device.size() >= 2 && device.front() == ':' &&
                            std::all_of(device.begin() + 1, device.end(), absl::ascii_isdigit));
}

ModelEntry ReadEntry(YamlMap map, const std::filesystem::path& folder) {
  ModelEntry entry;
  entry.id = map.RequiredString("id");
  if (!IsId(entry.id)) {
    map.Error("id", absl::StrCat("'", entry.id, "' must be 1 to ", kMaxIdLength,
                                 " of a-z 0-9 . _ - and begin with a letter or digit"));
  }
  ReadSource(map, folder, &entry);
  entry.format = map.Choice("format", entry.format, {"auto", "gguf", "safetensors"});
  entry.dtype = map.Choice("dtype", entry.dtype, {"auto", "float32", "float16", "bfloat16"});
  entry.weights = map.Choice("weights", entry.weights, {"auto", "full", "int8", "int4"});
  entry.kv_cache = map.Choice("kv_cache", entry.kv_cache, {"auto", "float32", "float16"});
  entry.device = map.String("device", "");
  if (!IsDevice(entry.device)) {
    map.Error("device",
              absl::StrCat("'", entry.device, "' is not one of auto, cpu, cuda, cuda:N, mps"));
  }
  entry.context_length = static_cast<int>(map.Int("context_length", 0, 0, kMaxContext));
  entry.cache_tokens = static_cast<int>(map.Int("cache_tokens", 0, 0, kMaxCacheTokens));
  entry.content_types = map.Strings("content_types");
  for (const std::string& type : entry.content_types) {
    if (IsContentType(type)) continue;
    map.Error("content_types", absl::StrCat("'", type, "' must be 1 to ", kMaxContentTypeLength,
                                            " of a-z 0-9 _ - and begin with a letter"));
  }
  entry.preload = map.Bool("preload", entry.preload);
  return entry;
}

// Ids once, a content type with one model.
void CheckUnique(const ModelEntry& entry, YamlMap map, std::map<std::string, std::string>* types,
                 const Catalog& so_far) {
  if (so_far.Find(entry.id) != nullptr) {
    map.Error("id", absl::StrCat("'", entry.id, "' stands twice; ids must be unique"));
  }
  for (const std::string& type : entry.content_types) {
    const auto [it, added] = types->emplace(type, entry.id);
    if (!added) {
      map.Error("content_types", absl::StrCat("'", type, "' is routed to '", it->second,
                                              "' already; a content type has one model"));
    }
  }
}

absl::StatusOr<Catalog> ReadCatalogDocument(YamlDocument& document, const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::absolute(std::filesystem::path(path), error).parent_path();
  Catalog catalog;
  YamlMap root = document.root();
  std::map<std::string, std::string> types;
  for (YamlMap map : root.Maps("models")) {
    ModelEntry entry = ReadEntry(map, folder);
    CheckUnique(entry, map, &types, catalog);
    catalog.models.push_back(std::move(entry));
  }
  catalog.default_model = root.String("default_model", "");
  if (catalog.models.empty()) root.Error("models", "is empty; list at least one model");
  if (!catalog.default_model.empty() && catalog.Find(catalog.default_model) == nullptr) {
    root.Error("default_model",
               absl::StrCat("'", catalog.default_model, "' is not in the catalog; it has ",
                            absl::StrJoin(catalog.Ids(), ", ")));
  }
  if (absl::Status status = document.Finish(); !status.ok()) return status;
  return catalog;
}

}  // namespace

std::string ModelEntry::SourceName() const {
  if (!hub.has_value()) return path;
  return absl::StrCat(hub->repo, "@", hub->revision, hub->file.empty() ? "" : ":", hub->file);
}

const ModelEntry* Catalog::Find(std::string_view id) const {
  const auto it = std::find_if(models.begin(), models.end(),
                               [&](const ModelEntry& entry) { return entry.id == id; });
  return it == models.end() ? nullptr : &*it;
}

std::vector<std::string> Catalog::Ids() const {
  std::vector<std::string> ids;
  ids.reserve(models.size());
  for (const ModelEntry& entry : models) ids.push_back(entry.id);
  return ids;
}

absl::StatusOr<Catalog> LoadCatalog(const std::string& path) {
  absl::StatusOr<std::unique_ptr<YamlDocument>> document = YamlDocument::Load(path);
  if (!document.ok()) return document.status();
  return ReadCatalogDocument(**document, path);
}

absl::StatusOr<Catalog> ParseCatalog(std::string_view yaml, const std::string& path) {
  absl::StatusOr<std::unique_ptr<YamlDocument>> document = YamlDocument::Parse(yaml, path);
  if (!document.ok()) return document.status();
  return ReadCatalogDocument(**document, path);
}

}  // namespace assay::registry
