// Checks if a pull fits on the disk.
#ifndef ASSAY_REGISTRY_HUB_DISK_SPACE_H_
#define ASSAY_REGISTRY_HUB_DISK_SPACE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "registry/hub/options.h"

namespace assay::registry {

// Returns RESOURCE_EXHAUSTED, with both numbers in the message, if the file system of `folder` has
// less than `needed_bytes` free for this user. Returns OK if the free bytes are unknown.
absl::Status CheckDiskSpace(const HubOptions& options, const std::string& folder,
                            int64_t needed_bytes);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_DISK_SPACE_H_
