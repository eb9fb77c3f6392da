// The completeness of a snapshot in the cache, determined without the Hub.
#ifndef ASSAY_REGISTRY_HUB_CACHE_LOCAL_SNAPSHOT_H_
#define ASSAY_REGISTRY_HUB_CACHE_LOCAL_SNAPSHOT_H_

#include <string>

#include "registry/hub/cache/cache.h"

namespace assay::registry {

// The state of a snapshot.
enum class LocalState {
  // The snapshot cannot be used.
  kIncomplete,
  // Configuration and all weights are there, but no tokenizer. Some models have none.
  kWithoutTokenizer,
  kComplete,
};

// Checks if the snapshot of a commit has the file (all parts, if it is a split GGUF file) or, if
// `file` is empty, a whole model. model.safetensors.index.json lists the weights that belong to it.
// Cheap: reads only that index.
LocalState InspectSnapshot(const HubCache& cache, const std::string& commit,
                           const std::string& file);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_LOCAL_SNAPSHOT_H_
