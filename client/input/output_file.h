// Files that a command writes.
#ifndef ASSAY_CLIENT_INPUT_OUTPUT_FILE_H_
#define ASSAY_CLIENT_INPUT_OUTPUT_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace assay::client {

// Writes beside the file, syncs, renames: nobody ever sees half of it, and what stood there before
// stays if it fails. The folder must exist.
absl::Status WriteWholeFile(const std::string& path, const std::string& bytes);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_OUTPUT_FILE_H_
