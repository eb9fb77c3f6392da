// Output files.
#ifndef ASSAY_CLIENT_INPUT_OUTPUT_FILE_H_
#define ASSAY_CLIENT_INPUT_OUTPUT_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace assay::client {

// Writes a file atomically: writes a temporary file in the same folder, syncs and renames it. After
// an error the old file is unchanged. The folder must exist. Errors begin with the path.
absl::Status WriteWholeFile(const std::string& path, const std::string& bytes);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_OUTPUT_FILE_H_
