// The catalog: the models of models.yaml, parsed and checked.
#include "registry/catalog/catalog.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/near_name.h"
#include "base/status_macros.h"
#include "base/yaml/reader.h"
#include "registry/catalog/builtin_models.h"
#include "registry/catalog/catalog_entry.h"
#include "registry/catalog/models_folder.h"

namespace assay::registry {
namespace {

// The maximum number of ids in a message.
constexpr size_t kMaxListedIds = 12;

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
                                          "' too; remove one of the two"));
  }
  if (!catalog.default_model.empty() && catalog.Find(catalog.default_model) == nullptr) {
    root.Error("default_model", catalog.UnknownIdMessage(catalog.default_model));
  }
  RETURN_IF_ERROR(document.Finish());
  return catalog;
}

}  // namespace

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

std::string Catalog::IdsForMessage() const {
  std::vector<std::string> own = OwnIds();
  const size_t others = models.size() - own.size();
  if (own.size() > kMaxListedIds) {
    const size_t more = models.size() - kMaxListedIds;
    own.resize(kMaxListedIds);
    return absl::StrCat(absl::StrJoin(own, ", "), " and ", more, " more (assay models)");
  }
  if (others == 0) return absl::StrJoin(own, ", ");
  return absl::StrCat(absl::StrJoin(own, ", "), own.empty() ? "" : " and ", others,
                      " built-in ones (assay models --all)");
}

std::string Catalog::UnknownIdMessage(std::string_view id) const {
  return absl::StrCat(QuotedName(id), " is not in the catalog; ", DidYouMean(id, Ids()), "it has ",
                      IdsForMessage());
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
