// A model for a request that has a deadline.
#include "server/serving/acquire.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace assay::server {

absl::StatusOr<registry::Handle> AcquireBy(registry::Manager& manager, const std::string& model,
                                           absl::Time deadline,
                                           const std::function<bool()>& cancelled) {
  const auto late = [deadline] { return absl::Now() >= deadline; };
  absl::StatusOr<registry::Handle> handle =
      manager.Acquire(model, nullptr, [&] { return late() || (cancelled && cancelled()); });
  if (!absl::IsCancelled(handle.status()) || !late()) return handle;
  return absl::DeadlineExceededError(
      absl::StrCat("model '", model,
                   "' was not loaded within the request's time; load it first, or raise the "
                   "deadline or limits.inference_timeout"));
}

}  // namespace assay::server
