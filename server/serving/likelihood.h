// The walk of a Likelihood request, without transport.
#ifndef ASSAY_SERVER_SERVING_LIKELIHOOD_H_
#define ASSAY_SERVER_SERVING_LIKELIHOOD_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "assay/v1/inference.pb.h"
#include "base/call_context.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"

namespace assay::server {

// What a request does not say.
struct LikelihoodOptions {
  // For each window of a text and for all continuations together, limits.inference_timeout at most;
  // nullopt: that for the whole request.
  std::optional<absl::Duration> timeout;
  // Where it is not null: of the model that reads; set too where the model then fails.
  std::string* revision = nullptr;
};

// Blocks its caller while the model is loaded and reads. Thread-safe.
class LikelihoodService {
 public:
  LikelihoodService(registry::Manager* manager, const LimitsConfig& limits)
      : manager_(manager), limits_(limits) {}

  // Errors as in proto/assay/v1/inference.proto; CANCELLED, DEADLINE_EXCEEDED within a chunk of the
  // prompt.
  absl::Status Read(const assay::v1::LikelihoodRequest& request, const CallContext& context,
                    assay::v1::LikelihoodResponse* response, const LikelihoodOptions& options = {});

 private:
  absl::Status Check(const assay::v1::LikelihoodRequest& request) const;

  registry::Manager* const manager_;
  const LimitsConfig limits_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_LIKELIHOOD_H_
