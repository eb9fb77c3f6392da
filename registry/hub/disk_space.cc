// Checks if a pull fits on the disk.
#include "registry/hub/disk_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace assay::registry {
namespace {

absl::StatusOr<int64_t> FreeBytes(const std::string& folder) {
  struct statvfs info;
  if (statvfs(folder.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, folder);
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

}  // namespace

absl::Status CheckDiskSpace(const HubOptions& options, const std::string& folder,
                            int64_t needed_bytes) {
  const absl::StatusOr<int64_t> free =
      options.free_bytes ? options.free_bytes(folder) : FreeBytes(folder);
  if (!free.ok() || *free >= needed_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("needs ", needed_bytes, " bytes, but ", folder, " has ", *free,
                   " free; free disk space or set HF_HUB_CACHE to a folder on a larger disk"));
}

}  // namespace assay::registry
