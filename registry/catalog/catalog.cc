// models.yaml, read and checked.
#include "registry/catalog/catalog.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/yaml/reader.h"
#include "registry/catalog/builtin_models.h"
#include "registry/catalog/catalog_entry.h"
#include "registry/catalog/content_types.h"
#include "registry/catalog/models_folder.h"

namespace assay::registry {
namespace {

constexpr size_t kMaxRepoPartLength = 96;
constexpr size_t kMaxListed = 12;
constexpr int64_t kMaxContext = int64_t{1} << 24;
constexpr int64_t kMaxCacheTokens = int64_t{1} << 26;
constexpr int64_t kMaxDraftTokens = 64;
constexpr double kLongestKeepAliveSeconds = 365 * 24 * 3600.0;

bool IsLowerOrDigit(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); }

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

std::vector<std::string> ReadContentTypes(YamlMap map, std::string_view key) {
  std::vector<std::string> types = map.Strings(key);
  for (const std::string& type : types) {
    if (IsContentType(type)) continue;
    map.Error(key,
              absl::StrCat("'", type, "' must be 1 to 32 of a-z 0-9 _ - and begin with a letter"));
  }
  return types;
}

// Ids once, a content type with one model and known.
void CheckBeside(const ModelEntry& entry, YamlMap map, FixedRoutes* types, const Catalog& so_far) {
  if (so_far.Find(entry.id) != nullptr) {
    map.Error("id", absl::StrCat("'", entry.id, "' stands twice, here and at ",
                                 so_far.Find(entry.id)->place, "; ids must be unique"));
  }
  for (const std::string& type : entry.content_types) {
    const std::string unknown = UnknownContentType(type, so_far.content_types);
    if (!unknown.empty()) map.Error("content_types", unknown);
    const auto [it, added] = types->emplace(type, entry.id);
    if (!added) {
      map.Error("content_types", absl::StrCat("'", type, "' is routed to '", it->second,
                                              "' already; a content type has one model"));
    }
  }
}

absl::StatusOr<Catalog> ReadCatalogDocument(YamlDocument& document, const std::string& path,
                                            const std::vector<std::string>& content_types) {
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::absolute(std::filesystem::path(path), error).parent_path();
  Catalog catalog;
  catalog.content_types = content_types;
  YamlMap root = document.root();
  FixedRoutes types;
  ReadEntries(root, folder, &types, &catalog);
  if (root.Has("models_dir")) {
    const std::string models = (folder / root.RequiredString("models_dir")).lexically_normal();
    RETURN_IF_ERROR(AddModelsFolder(models, &types, &catalog));
  }
  const bool built_in = root.Bool("builtin", true);
  if (catalog.models.empty() && (root.Has("models") || !built_in)) {
    root.Error("models", "is empty; list at least one model");
  }
  if (built_in) AddBuiltInModels(&catalog);
  catalog.default_model = root.String("default_model", "");
  if (root.Has("routes")) catalog.routes = ReadRoutes(root.Map("routes"), &catalog);
  for (const RoutePolicy& policy : catalog.routes) {
    const auto both = types.find(policy.content_type);
    if (both == types.end()) continue;
    root.Map("routes").Error(policy.content_type,
                             absl::StrCat("is routed by the content_types of '", both->second,
                                          "' too; take it out of one of the two"));
  }
  if (!catalog.default_model.empty() && catalog.Find(catalog.default_model) == nullptr) {
    root.Error("default_model", absl::StrCat("'", catalog.default_model,
                                             "' is not in the catalog; it has ", catalog.Listed()));
  }
  RETURN_IF_ERROR(document.Finish());
  return catalog;
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
  entry.place = map.Place();
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
  entry.content_types = ReadContentTypes(map, "content_types");
  entry.licence = map.String("licence", "");
  entry.download_bytes = map.Bytes("size", 0);
  entry.suits = ReadContentTypes(map, "suits");
  entry.gated = map.Bool("gated", false);
  entry.preload = map.Bool("preload", entry.preload);
  entry.pin = map.Bool("pin", entry.pin);
  if (map.Has("keep_alive")) {
    entry.keep_alive =
        absl::Seconds(map.SecondsOrForever("keep_alive", 0, 0, kLongestKeepAliveSeconds));
  }
  return entry;
}

void ReadEntries(YamlMap root, const std::filesystem::path& folder, FixedRoutes* routes,
                 Catalog* catalog) {
  for (YamlMap map : root.Maps("models")) {
    ModelEntry entry = ReadEntry(map, folder);
    CheckBeside(entry, map, routes, *catalog);
    catalog->models.push_back(std::move(entry));
  }
}

bool LoadsTheSame(const ModelEntry& a, const ModelEntry& b) {
  const auto key = [](const ModelEntry& entry) {
    return std::tie(entry.path, entry.hub, entry.format, entry.dtype, entry.weights, entry.kv_cache,
                    entry.cache_tokens, entry.draft_tokens, entry.device, entry.context_length);
  };
  return key(a) == key(b);
}

std::string ModelEntry::SourceName() const {
  if (!hub.has_value()) return path;
  return absl::StrCat(hub->repo, "@", hub->revision, hub->file.empty() ? "" : ":", hub->file);
}

const ModelEntry* Catalog::Find(std::string_view id) const {
  const auto it = std::find_if(models.begin(), models.end(),
                               [&](const ModelEntry& entry) { return entry.id == id; });
  return it == models.end() ? nullptr : &*it;
}

std::vector<RoutePolicy> Catalog::AllRoutes() const {
  std::vector<RoutePolicy> all = routes;
  for (const ModelEntry& entry : models) {
    for (const std::string& type : entry.content_types) {
      all.push_back({.content_type = type, .models = {entry.id}});
    }
  }
  return all;
}

std::optional<RoutePolicy> Catalog::RouteOf(std::string_view content_type) const {
  for (const RoutePolicy& policy : routes) {
    if (policy.content_type == content_type) return policy;
  }
  for (const ModelEntry& entry : models) {
    const auto& types = entry.content_types;
    if (std::find(types.begin(), types.end(), content_type) == types.end()) continue;
    return RoutePolicy{.content_type = std::string(content_type), .models = {entry.id}};
  }
  return std::nullopt;
}

std::vector<std::string> Catalog::Ids() const {
  std::vector<std::string> ids;
  ids.reserve(models.size());
  for (const ModelEntry& entry : models) ids.push_back(entry.id);
  return ids;
}

std::vector<std::string> Catalog::OwnIds() const {
  std::vector<std::string> own;
  for (const ModelEntry& entry : models) {
    if (!entry.built_in) own.push_back(entry.id);
  }
  return own;
}

std::string Catalog::Listed() const {
  std::vector<std::string> own = OwnIds();
  const size_t others = models.size() - own.size();
  if (own.size() > kMaxListed) {
    const size_t more = models.size() - kMaxListed;
    own.resize(kMaxListed);
    return absl::StrCat(absl::StrJoin(own, ", "), " and ", more, " more (assay models)");
  }
  if (others == 0) return absl::StrJoin(own, ", ");
  return absl::StrCat(absl::StrJoin(own, ", "), own.empty() ? "" : " and ", others,
                      " built-in ones (assay models --all)");
}

absl::StatusOr<Catalog> LoadCatalog(const std::string& path,
                                    const std::vector<std::string>& content_types) {
  ASSIGN_OR_RETURN(std::unique_ptr<YamlDocument> document, YamlDocument::Load(path));
  return ReadCatalogDocument(*document, path, content_types);
}

absl::StatusOr<Catalog> ParseCatalog(std::string_view yaml, const std::string& path,
                                     const std::vector<std::string>& content_types) {
  ASSIGN_OR_RETURN(std::unique_ptr<YamlDocument> document, YamlDocument::Parse(yaml, path));
  return ReadCatalogDocument(*document, path, content_types);
}

}  // namespace assay::registry
