// What the cache holds, without asking the Hub.
#ifndef ASSAY_REGISTRY_HUB_CACHE_LOCAL_SNAPSHOT_H_
#define ASSAY_REGISTRY_HUB_CACHE_LOCAL_SNAPSHOT_H_

#include <string>

#include "registry/hub/cache/cache.h"

namespace assay::registry {

enum class LocalState {
  // Nothing of use.
  kIncomplete,
  // Configuration and every file of weights, but no tokenizer: some models have none.
  kWithoutTokenizer,
  kComplete,
};

// Whether the commit's snapshot has the file named, or, where `file` is empty, a whole model: which
// weights belong to it says model.safetensors.index.json. Cheap, reads that index alone.
LocalState InspectSnapshot(const HubCache& cache, const std::string& commit,
                           const std::string& file);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_LOCAL_SNAPSHOT_H_
