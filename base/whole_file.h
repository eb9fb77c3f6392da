// Reads and writes whole files.
#ifndef ASSAY_BASE_WHOLE_FILE_H_
#define ASSAY_BASE_WHOLE_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay {

// The mode of files that the daemon's user alone may read, and of files for everybody.
inline constexpr mode_t kPrivateFile = 0600;
inline constexpr mode_t kPublicFile = 0644;

// Returns the bytes of a file of at most `max_bytes`. Errors name the path: NOT_FOUND,
// PERMISSION_DENIED, INVALID_ARGUMENT (too large, or not a regular file), or the system's.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, int64_t max_bytes);

// Replaces a file in one step: a reader, or a machine that loses its power, finds the old bytes or
// the new ones. Writes a temporary file beside it first, which an error removes. Errors name the
// path. Blocks until the bytes are on the disk.
absl::Status WriteWholeFile(const std::string& path, std::string_view bytes, mode_t mode);

// Makes what was created, renamed or removed in a folder permanent.
absl::Status SyncFolder(const std::string& folder);

}  // namespace assay

#endif  // ASSAY_BASE_WHOLE_FILE_H_
