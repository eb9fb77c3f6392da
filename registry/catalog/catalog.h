// Which models exist: models.yaml, read and checked.
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
  // Branch, tag or commit.
  std::string revision = "main";
  // The file in the repository; empty = the whole model (config.json, safetensors, tokenizer).
  std::string file;

  bool operator==(const HubSource&) const = default;
};

// One entry of models.yaml.
struct ModelEntry {
  // [a-z0-9][a-z0-9._-]{0,63}, unique.
  std::string id;
  // Exactly one of the two: an absolute path (relative ones are resolved against the catalog's
  // folder), or a repository.
  std::string path;
  std::optional<HubSource> hub;
  // A GGUF file, or a folder of safetensors; "auto" = whichever it is.
  std::string format = "auto";
  // "auto", "float32", "float16", "bfloat16".
  std::string dtype = "auto";
  // As engine::LoadOptions has it: "auto", "full", "int8", "int4".
  std::string weights = "auto";
  // Alike: "auto", "float32", "float16", "int8" (CPU only); and 0 or a number of tokens.
  std::string kv_cache = "auto";
  int cache_tokens = 0;
  // Longest guess of a text's next tokens; 0 = none.
  int draft_tokens = 7;
  // "auto", "cpu", "cuda", "cuda:N", "mps"; empty = the server's.
  std::string device;
  // Longest sequence to serve, tokens; 0 = the model's own.
  int context_length = 0;
  // Content types with a fixed route to this model: [a-z][a-z0-9_-]{0,31}.
  std::vector<std::string> content_types;
  // For people: the licence's name, what its files take (bytes, about; 0 = not known), content
  // types that it is said to be good at, whether its publisher must grant access first.
  std::string licence;
  int64_t download_bytes = 0;
  std::vector<std::string> suits;
  bool gated = false;
  // From registry/catalog/builtin_models.yaml.
  bool built_in = false;
  // Where the entry stands, "file:line"; the model's file where that stands in `models_dir` alone.
  std::string place;
  // Load at start-up.
  bool preload = false;
  // Never unloaded to make room, nor for being idle.
  bool pin = false;
  // Unloaded when nobody used it for so long; none = the server's.
  std::optional<absl::Duration> keep_alive;

  // The path, "org/repo@revision:file" or "org/repo@revision".
  std::string SourceName() const;
};

// Whether a model loaded for `a` is one for `b` too: source and settings of the load agree.
bool LoadsTheSame(const ModelEntry& a, const ModelEntry& b);

// The whole file. Immutable once made.
struct Catalog {
  std::vector<ModelEntry> models;
  // Of the file's `routes:`; at most one a content type, and none that an entry has.
  std::vector<RoutePolicy> routes;
  // Built-in models that an entry of the same id takes the place of.
  std::vector<std::string> replaced;
  // Serves what no content type covers; empty = such requests are refused.
  std::string default_model;
  // Those that may be routed; empty = any.
  std::vector<std::string> content_types;

  // Null if there is none of that id.
  const ModelEntry* Find(std::string_view id) const;
  // In the file's order, built-in ones last.
  std::vector<std::string> Ids() const;
  // Without the built-in ones.
  std::vector<std::string> OwnIds() const;
  // The ids for a message, the first dozen of them: "a, b, c and 16 built-in ones (assay models
  // --all)".
  std::string Listed() const;
  // `routes`, and a fixed one for each content type of an entry.
  std::vector<RoutePolicy> AllRoutes() const;
  std::optional<RoutePolicy> RouteOf(std::string_view content_type) const;
};

// Reads and checks a catalog of at most 1 MiB. NOT_FOUND: no file. INVALID_ARGUMENT:
// "models.yaml:12: models[1].dtype: 'fp7' is not one of auto, float32, ...": file, line, key, value
// and what is allowed. Unknown keys, duplicate ids, a content type with two models, repo ids with
// "..", a route of a content type that is none of `content_types` (empty: any is one), and a
// default that is not in the catalog are errors. The built-in models are added, but for ids that
// the file has itself.
absl::StatusOr<Catalog> LoadCatalog(const std::string& path,
                                    const std::vector<std::string>& content_types = {});
absl::StatusOr<Catalog> ParseCatalog(std::string_view yaml, const std::string& path,
                                     const std::vector<std::string>& content_types = {});

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_CATALOG_H_
