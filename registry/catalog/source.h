// Resolves the source of a catalog entry to a file on this machine.
#ifndef ASSAY_REGISTRY_CATALOG_SOURCE_H_
#define ASSAY_REGISTRY_CATALOG_SOURCE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {

// Returns the file or folder of the entry. For a Hub repository, it looks up the commit in
// refs/<revision> (unless the revision is a 40-digit commit) and returns snapshots/<commit>, or
// snapshots/<commit>/<file> if the entry names a file, in the cache that huggingface_hub writes.
// Cheap. Thread-safe. Errors:
//   NOT_FOUND            the path does not exist, or the repository is not, or not completely, in
//                        the cache (InspectSnapshot()). The message names the path, or the
//                        repository and the command that downloads it.
//   FAILED_PRECONDITION  as CheckLinks().
//   INVALID_ARGUMENT     a folder although the entry's format is gguf, or a file although it is
//                        safetensors.
absl::StatusOr<std::string> ResolveSource(const ModelEntry& entry, const std::string& hub_cache);

// Checks that a file, or a folder and its direct contents (the files that a loader opens), is
// inside of `root` after links are resolved. Otherwise returns FAILED_PRECONDITION with the link
// and its target.
absl::Status CheckLinks(const std::string& path, const std::string& root);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_SOURCE_H_
