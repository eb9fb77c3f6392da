// The catalog: the models of models.yaml, parsed and checked.
#ifndef ASSAY_REGISTRY_CATALOG_CATALOG_H_
#define ASSAY_REGISTRY_CATALOG_CATALOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "registry/catalog/route_policy.h"

namespace assay::registry {

// A model in a Hugging Face repository.
struct HubSource {
  // "org/name".
  std::string repo;
  // A branch, tag or commit.
  std::string revision = "main";
  // A file of the repository; empty = the whole model (config.json, safetensors, tokenizer).
  std::string file;

  bool operator==(const HubSource&) const = default;
};

// One entry of models.yaml.
struct ModelEntry {
  // A unique id: [a-z0-9][a-z0-9._-]{0,63}.
  std::string id;
  // The source. Exactly one of the two is set: an absolute path (the parser resolves relative paths
  // against the catalog's folder), or a repository.
  std::string path;
  std::optional<HubSource> hub;
  // "gguf" for a GGUF file, "safetensors" for a folder, "auto" = whichever it is.
  std::string format = "auto";
  // "auto", "float32", "float16" or "bfloat16".
  std::string dtype = "auto";
  // As in engine::LoadOptions: "auto", "full", "int8" or "int4".
  std::string weights = "auto";
  // As in engine::LoadOptions: "auto", "float32", "float16" or "int8" (CPU only).
  std::string kv_cache = "auto";
  // The capacity of the KV cache in tokens; 0 = chosen automatically.
  int cache_tokens = 0;
  // The maximum number of draft tokens of speculative decoding; 0 = none.
  int draft_tokens = 7;
  // True: requests that leave their sampling unset take what the model's files suggest.
  bool model_sampling = false;
  // "auto", "cpu", "cuda", "cuda:N" or "mps"; empty = the server's default.
  std::string device;
  // The maximum sequence length in tokens; 0 = that of the model.
  int context_length = 0;
  // Content types with a fixed route to this model: [a-z][a-z0-9_-]{0,31}.
  std::vector<std::string> content_types;
  // Information for users: the name of the license, the approximate size of the files in bytes
  // (0 = unknown), content types that the model is said to be good at, and true if the publisher
  // must grant access before a download.
  std::string license;
  int64_t download_bytes = 0;
  std::vector<std::string> suits;
  bool gated = false;
  // True if the entry is from registry/catalog/builtin_models.yaml.
  bool built_in = false;
  // Where the entry is defined: "file:line", or the model's file if that was found in `models_dir`
  // without an entry.
  std::string location;
  // True if the model is loaded at start-up.
  bool preload = false;
  // True if the model is never unloaded to free memory or because it is idle.
  bool pin = false;
  // The model is unloaded after this time without use; nullopt = the server's default.
  std::optional<absl::Duration> keep_alive;

  // Returns the path, "org/repo@revision:file" or "org/repo@revision".
  std::string SourceName() const;
};

// Returns true if a model loaded for `a` can also serve `b`: their sources and load settings agree.
bool LoadsTheSame(const ModelEntry& a, const ModelEntry& b);

// The contents of models.yaml. Immutable once parsed.
struct Catalog {
  std::vector<ModelEntry> models;
  // The policies under `routes:`, at most one per content type. None of their content types is one
  // of an entry.
  std::vector<RoutePolicy> routes;
  // The ids of built-in models that an entry of the file replaces.
  std::vector<std::string> replaced;
  // Serves requests without a route; empty = such requests are refused.
  std::string default_model;
  // The content types that may have a route; empty = any.
  std::vector<std::string> content_types;

  // Returns null if there is no model with the id.
  const ModelEntry* Find(std::string_view id) const;
  // Returns all ids in the order of the file, built-in models last.
  std::vector<std::string> Ids() const;
  // Returns the ids without those of built-in models.
  std::vector<std::string> OwnIds() const;
  // Returns up to twelve ids for an error message: "a, b, c and 16 built-in ones (assay models
  // --all)".
  std::string IdsForMessage() const;
  // Returns an error message for a model that the catalog lacks, with the nearest id and
  // IdsForMessage().
  std::string UnknownIdMessage(std::string_view id) const;
  // Returns `routes` and a fixed route for each content type of an entry.
  std::vector<RoutePolicy> AllRoutes() const;
  // Returns nullopt if the content type has no route.
  std::optional<RoutePolicy> RouteOf(std::string_view content_type) const;
};

// Parses a catalog of at most 1 MiB and adds the built-in models. A model of the file replaces the
// built-in one of the same id. `content_types` are the content types that may be routed; empty =
// any. Errors:
//   NOT_FOUND         there is no such file.
//   INVALID_ARGUMENT  "models.yaml:12: models[1].dtype: 'fp7' is not one of auto, float32, ...":
//                     file, line, key, value and what is allowed. Unknown keys, duplicate ids, a
//                     content type with two models, repository ids with "..", a route of an unknown
//                     content type and a default model that is not in the catalog are errors.
absl::StatusOr<Catalog> LoadCatalog(const std::string& path,
                                    const std::vector<std::string>& content_types = {});
// Parses the text of a catalog. `path` is the file that messages name and whose folder relative
// paths refer to.
absl::StatusOr<Catalog> ParseCatalog(std::string_view yaml, const std::string& path,
                                     const std::vector<std::string>& content_types = {});

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_CATALOG_H_
