// When a caller may try again, as a part of an error.
#ifndef ASSAY_BASE_RETRY_DELAY_H_
#define ASSAY_BASE_RETRY_DELAY_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace assay {

// Sets when the caller may try again, at least 1 ms from now, as a payload of the error. Must not
// be called with an OK status.
void SetRetryDelay(absl::Duration delay, absl::Status* status);

// Returns the delay that was set, or nullopt if none was.
std::optional<absl::Duration> RetryDelay(const absl::Status& status);

}  // namespace assay

#endif  // ASSAY_BASE_RETRY_DELAY_H_
