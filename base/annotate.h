// Prefixes an error message with the place of the error.
#ifndef ASSAY_BASE_ANNOTATE_H_
#define ASSAY_BASE_ANNOTATE_H_

#include <string_view>

#include "absl/status/status.h"

namespace assay {

// Returns `status` with "prefix: " before its message. The code and the payloads are kept, and OK
// stays OK.
//
//   return Annotate(status, "mlflow.tracking_uri");  // "mlflow.tracking_uri: is not a URL"
absl::Status Annotate(const absl::Status& status, std::string_view prefix);

}  // namespace assay

#endif  // ASSAY_BASE_ANNOTATE_H_
