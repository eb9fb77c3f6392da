// Parses single entries of a list of models.
#include "registry/catalog/catalog_entry.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/yaml/reader.h"
#include "registry/catalog/content_types.h"

namespace assay::registry {
namespace {

constexpr size_t kMaxRepoPartLength = 96;
constexpr int64_t kMaxContext = int64_t{1} << 24;
constexpr int64_t kMaxCacheTokens = int64_t{1} << 26;
constexpr int64_t kMaxDraftTokens = 64;
constexpr double kMaxKeepAliveSeconds = 365 * 24 * 3600.0;

bool IsLowerOrDigit(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); }

// Returns true if `name` is safe as one component of a path in the cache folder.
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
  if (source.Has("revision")) {
    source.Error("revision", "requires repo; a local file has no revision");
  }
}

bool IsDevice(std::string_view device) {
  if (device.empty() || device == "auto" || device == "cpu" || device == "mps") return true;
  if (!device.starts_with("cuda")) return false;
  device.remove_prefix(std::string_view("cuda").size());
  return device.empty() || (device.size() <= 3 && device.size() >= 2 && device.front() == ':' &&
                            std::all_of(device.begin() + 1, device.end(), absl::ascii_isdigit));
}

std::vector<std::string> ReadContentTypes(YamlMap map, std::string_view key) {
  std::vector<std::string> types = map.Strings(key);
  for (const std::string& type : types) {
    if (IsContentType(type)) continue;
    map.Error(key,
              absl::StrCat("'", type, "' must be 1 to 32 of a-z 0-9 _ - and begin with a letter"));
  }
  return types;
}

// Reads `license`, or its former name `licence`, which is kept as an alias.
std::string ReadLicense(YamlMap map) {
  if (!map.Has("licence")) return map.String("license", "");
  if (map.Has("license")) {
    map.Error("license", "is given as licence too; remove licence, the former name of this key");
  }
  return map.String("licence", "");
}

// Checks that the id is unique, and that each content type is known and has one model.
void CheckUnique(const ModelEntry& entry, YamlMap map, FixedRoutes* types, const Catalog& catalog) {
  if (catalog.Find(entry.id) != nullptr) {
    map.Error("id", absl::StrCat("'", entry.id, "' is duplicated, here and at ",
                                 catalog.Find(entry.id)->location, "; ids must be unique"));
  }
  for (const std::string& type : entry.content_types) {
    const std::string unknown = UnknownContentType(type, catalog.content_types);
    if (!unknown.empty()) map.Error("content_types", unknown);
    const auto [it, added] = types->emplace(type, entry.id);
    if (!added) {
      map.Error("content_types", absl::StrCat("'", type, "' is routed to '", it->second,
                                              "' already; a content type has one model"));
    }
  }
}

}  // namespace

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdLength && IsLowerOrDigit(id.front()) &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

ModelEntry ReadEntry(YamlMap map, const std::filesystem::path& folder) {
  ModelEntry entry;
  entry.id = map.RequiredString("id");
  entry.location = map.Location();
  if (!IsId(entry.id)) {
    map.Error("id", absl::StrCat("'", entry.id, "' must be 1 to ", kMaxIdLength,
                                 " of a-z 0-9 . _ - and begin with a letter or digit"));
  }
  ReadSource(map, folder, &entry);
  entry.format = map.Choice("format", entry.format, {"auto", "gguf", "safetensors"});
  entry.dtype = map.Choice("dtype", entry.dtype, {"auto", "float32", "float16", "bfloat16"});
  entry.weights = map.Choice("weights", entry.weights, {"auto", "full", "int8", "int4"});
  entry.kv_cache = map.Choice("kv_cache", entry.kv_cache, {"auto", "float32", "float16", "int8"});
  entry.device = map.String("device", "");
  if (!IsDevice(entry.device)) {
    map.Error("device",
              absl::StrCat("'", entry.device, "' is not one of auto, cpu, cuda, cuda:N, mps"));
  }
  entry.context_length = static_cast<int>(map.Int("context_length", 0, 0, kMaxContext));
  entry.cache_tokens = static_cast<int>(map.Int("cache_tokens", 0, 0, kMaxCacheTokens));
  entry.draft_tokens =
      static_cast<int>(map.Int("draft_tokens", entry.draft_tokens, 0, kMaxDraftTokens));
  entry.model_sampling = map.Choice("sampling", "neutral", {"neutral", "model"}) == "model";
  entry.content_types = ReadContentTypes(map, "content_types");
  entry.license = ReadLicense(map);
  entry.download_bytes = map.Bytes("size", 0);
  entry.suits = ReadContentTypes(map, "suits");
  entry.gated = map.Bool("gated", false);
  entry.preload = map.Bool("preload", entry.preload);
  entry.pin = map.Bool("pin", entry.pin);
  if (map.Has("keep_alive")) {
    entry.keep_alive =
        absl::Seconds(map.SecondsOrForever("keep_alive", 0, 0, kMaxKeepAliveSeconds));
  }
  return entry;
}

void ReadEntries(YamlMap root, const std::filesystem::path& folder, FixedRoutes* routes,
                 Catalog* catalog) {
  for (YamlMap map : root.Maps("models")) {
    ModelEntry entry = ReadEntry(map, folder);
    CheckUnique(entry, map, routes, *catalog);
    catalog->models.push_back(std::move(entry));
  }
}

}  // namespace assay::registry
