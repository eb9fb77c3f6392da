// When a caller may try again, as a part of an error.
#include "base/retry_delay.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace assay {
namespace {

// The name of the payload, which holds the nanoseconds as text.
constexpr char kRetryDelay[] = "assay/retry_delay_ns";

}  // namespace

void SetRetryDelay(absl::Duration delay, absl::Status* status) {
  delay = std::max(delay, absl::Milliseconds(1));
  status->SetPayload(kRetryDelay, absl::Cord(absl::StrCat(absl::ToInt64Nanoseconds(delay))));
}

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryDelay);
  int64_t nanoseconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &nanoseconds)) {
    return std::nullopt;
  }
  return absl::Nanoseconds(nanoseconds);
}

}  // namespace assay
