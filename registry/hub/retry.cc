// Retries with exponential backoff.
#include "registry/hub/retry.h"

#include <algorithm>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "registry/hub/answer_errors.h"

namespace assay::registry {
namespace {

// Prevents an overflow; the maximum backoff is reached earlier.
constexpr int kMaxDoublings = 20;

}  // namespace

absl::Duration Retry::NextBackoff() {
  const absl::Duration full =
      std::min(options_.first_backoff * (int64_t{1} << std::min(tries_ - 1, kMaxDoublings)),
               options_.max_backoff);
  // The random factor keeps clients that failed together from retrying together.
  return full * absl::Uniform(random_, 0.5, 1.0);
}

absl::Status Retry::Wait(const absl::Status& error, bool progressed) {
  RETURN_IF_ERROR(control_.Check());
  if (!IsTransient(error)) return error;
  if (progressed) tries_ = 0;
  if (++tries_ > options_.retries) {
    return absl::Status(error.code(), absl::StrCat(error.message(), " (tried ", tries_, " times)"));
  }
  const absl::Duration requested = RetryAfter(error).value_or(absl::ZeroDuration());
  if (requested > control_.TimeLeft()) {
    return absl::Status(error.code(),
                        absl::StrCat(error.message(), "; the server asks to retry in ",
                                     absl::FormatDuration(requested),
                                     ", which is after the time limit of this pull"));
  }
  return control_.Sleep(std::max(requested, NextBackoff()));
}

}  // namespace assay::registry
