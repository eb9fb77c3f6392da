// Which models exist: models.yaml, read and checked.
#ifndef ASSAY_REGISTRY_CATALOG_H_
#define ASSAY_REGISTRY_CATALOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::registry {

// A model in a Hugging Face repository.
struct HubSource {
  // "org/name".
  std::string repo;
  // Branch, tag or commit.
  std::string revision = "main";
  // The file in the repository; empty = the whole model (config.json, safetensors, tokenizer).
  std::string file;
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
  // Alike: "auto", "float32", "float16"; and 0 or a number of tokens.
  std::string kv_cache = "auto";
  int cache_tokens = 0;
  // "auto", "cpu", "cuda", "cuda:N", "mps"; empty = the server's.
  std::string device;
  // Longest sequence to serve, tokens; 0 = the model's own.
  int context_length = 0;
  // Content types routed here: [a-z][a-z0-9_-]{0,31}; one content type has one model.
  std::vector<std::string> content_types;
  // Load at start-up.
  bool preload = false;

  // The path, "org/repo@revision:file" or "org/repo@revision".
  std::string SourceName() const;
};

// The whole file. Immutable once made.
struct Catalog {
  std::vector<ModelEntry> models;
  // Serves what no content type covers; empty = such requests are refused.
  std::string default_model;

  // Null if there is none of that id.
  const ModelEntry* Find(std::string_view id) const;
  // In the file's order.
  std::vector<std::string> Ids() const;
};

// Reads and checks a catalog of at most 1 MiB. NOT_FOUND: no file. INVALID_ARGUMENT:
// "models.yaml:12: models[1].dtype: 'fp7' is not one of auto, float32, ...": file, line, key, value
// and what is allowed. Unknown keys, duplicate ids, a content type with two models, repo ids with
// "..", and a default that is not in the catalog are errors.
absl::StatusOr<Catalog> LoadCatalog(const std::string& path);
absl::StatusOr<Catalog> ParseCatalog(std::string_view yaml, const std::string& path);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_H_
