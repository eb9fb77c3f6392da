// Which of a repository's files a model needs.
#ifndef ASSAY_REGISTRY_HUB_CACHE_SELECTION_H_
#define ASSAY_REGISTRY_HUB_CACHE_SELECTION_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "registry/hub/cache/listing.h"

namespace assay::registry {

// The file named, alone or with the other parts of a model that was split into GGUF files; or,
// where `file` is empty, of the repository's top folder: configuration, tokenizer and chat
// template, and the weights as safetensors (the shards where there is an index, as the engine reads
// them, else model.safetensors), without the same weights in other formats. NOT_FOUND: no such
// file. FAILED_PRECONDITION: no safetensors; the message names the GGUF files that could be asked
// for by name, or says what to do about pickles.
absl::StatusOr<std::vector<RemoteFile>> SelectFiles(const RepoListing& listing,
                                                    const std::string& file);

// Any of the small files beside the weights.
bool IsConfiguration(std::string_view name);

// "model-00001-of-00002.safetensors".
bool IsShard(std::string_view name);

inline constexpr char kConfigFile[] = "config.json";
inline constexpr char kWeightsFile[] = "model.safetensors";
inline constexpr char kWeightsIndex[] = "model.safetensors.index.json";

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_SELECTION_H_
