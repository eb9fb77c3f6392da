// Finds out whether a disk has room.
#ifndef ASSAY_BASE_DISK_ROOM_H_
#define ASSAY_BASE_DISK_ROOM_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace assay {

// The room without which a disk counts as full.
inline constexpr int64_t kLeastRoomBytes = int64_t{1} << 20;

// Returns "; N bytes of its disk are free" for the disk of a file or folder, or an empty string if
// the system does not tell.
std::string FreeSpaceNote(const std::string& path);

// Returns RESOURCE_EXHAUSTED, with the folder and the free bytes, if the system reports less than
// kLeastRoomBytes for the disk of `folder`. Takes microseconds.
absl::Status CheckFreeSpace(const std::string& folder);

// Does the same, and also writes kLeastRoomBytes to a temporary file in `folder`, which shows
// quotas and limits of the process as well. Takes milliseconds.
absl::Status ProbeRoom(const std::string& folder);

}  // namespace assay

#endif  // ASSAY_BASE_DISK_ROOM_H_
