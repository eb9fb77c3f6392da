// A model for a request that has a deadline.
#ifndef ASSAY_SERVER_SERVING_ACQUIRE_H_
#define ASSAY_SERVER_SERVING_ACQUIRE_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "registry/residency/manager.h"

namespace assay::server {

// As Manager::Acquire(); DEADLINE_EXCEEDED: the model was not loaded by then.
absl::StatusOr<registry::Handle> AcquireBy(registry::Manager& manager, const std::string& model,
                                           absl::Time deadline,
                                           const std::function<bool()>& cancelled);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_ACQUIRE_H_
