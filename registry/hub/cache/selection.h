// Selects the files of a repository that a model needs.
#ifndef ASSAY_REGISTRY_HUB_CACHE_SELECTION_H_
#define ASSAY_REGISTRY_HUB_CACHE_SELECTION_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "registry/hub/cache/listing.h"

namespace assay::registry {

// Returns the files to download. If `file` is not empty, these are the file and, if it is a part of
// a split GGUF model, the other parts. Otherwise they are files of the top folder: configuration,
// tokenizer, chat template, and the weights as safetensors (the shards if there is an index, as the
// engine loads them; else model.safetensors), but not the same weights in other formats. Errors:
//   NOT_FOUND            there is no such file.
//   FAILED_PRECONDITION  there are no safetensors. The message lists the GGUF files that can be
//                        requested by name, or says what to do if the weights are pickles.
absl::StatusOr<std::vector<RemoteFile>> SelectFiles(const RepoListing& listing,
                                                    const std::string& file);

// Returns true if `name` is one of the small files of a model: configuration, tokenizer or chat
// template.
bool IsConfiguration(std::string_view name);

// Returns true for names such as "model-00001-of-00002.safetensors".
bool IsShard(std::string_view name);

inline constexpr char kConfigFile[] = "config.json";
inline constexpr char kWeightsFile[] = "model.safetensors";
inline constexpr char kWeightsIndex[] = "model.safetensors.index.json";

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_SELECTION_H_
