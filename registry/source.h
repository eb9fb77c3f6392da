// From a catalog entry to a file on this machine.
#ifndef ASSAY_REGISTRY_SOURCE_H_
#define ASSAY_REGISTRY_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "registry/catalog.h"

namespace assay::registry {

// The entry's file or folder. For a Hub repository: refs/<revision> (or a 40-digit commit) and then
// snapshots/<commit>, with /<file> if it names one, in the cache that huggingface_hub writes.
// NOT_FOUND: names the path, or the repository and the command that downloads it; a snapshot
// without weights counts as not there. FAILED_PRECONDITION: a link that leads out of it.
// INVALID_ARGUMENT: a folder where the entry's format says gguf, or a file where it says
// safetensors. Cheap; thread-safe.
absl::StatusOr<std::string> ResolveSource(const ModelEntry& entry, const std::string& hub_cache);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_SOURCE_H_
