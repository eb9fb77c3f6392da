// From a catalog entry to a file on this machine.
#ifndef ASSAY_REGISTRY_CATALOG_SOURCE_H_
#define ASSAY_REGISTRY_CATALOG_SOURCE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {

// The entry's file or folder. For a Hub repository: refs/<revision> (or a 40-digit commit) and then
// snapshots/<commit>, with /<file> if it names one, in the cache that huggingface_hub writes.
// NOT_FOUND: names the path, or the repository and the command that downloads it; what a pull would
// complete (InspectSnapshot()) counts as not there. FAILED_PRECONDITION: as CheckLinks().
// INVALID_ARGUMENT: a folder where the entry's format says gguf, or a file where it says
// safetensors. Cheap; thread-safe.
absl::StatusOr<std::string> ResolveSource(const ModelEntry& entry, const std::string& hub_cache);

// A file, or a folder and all that lies in it directly, which is what a loader opens, is inside of
// `root` once links are followed. FAILED_PRECONDITION: names the link and where it leads.
absl::Status CheckLinks(const std::string& path, const std::string& root);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_SOURCE_H_
