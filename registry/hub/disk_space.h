// Whether a pull fits on the disk.
#ifndef ASSAY_REGISTRY_HUB_DISK_SPACE_H_
#define ASSAY_REGISTRY_HUB_DISK_SPACE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "registry/hub/options.h"

namespace assay::registry {

// RESOURCE_EXHAUSTED where `folder`'s file system has less than `needed` bytes for this user; the
// message has both numbers. OK where the file system does not say.
absl::Status CheckDiskSpace(const HubOptions& options, const std::string& folder, int64_t needed);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_DISK_SPACE_H_
