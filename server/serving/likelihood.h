// Serves requests for the likelihood of texts.
#ifndef ASSAY_SERVER_SERVING_LIKELIHOOD_H_
#define ASSAY_SERVER_SERVING_LIKELIHOOD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"

namespace assay::server {

// A request for the likelihood of continuations of a context, or of one whole text.
struct LikelihoodCall {
  // Catalog id.
  std::string model;
  // Read as it is, without a chat template. May be empty.
  std::string context;
  // 1 to 64, none of them empty.
  std::vector<std::string> continuations;
  // Replaces context and continuations: a text of any length, read in windows of the model's
  // context length.
  std::string text;
  // The time for each window of a text, or for all continuations together; at most
  // limits.inference_timeout. Unset: that limit holds for the whole request.
  std::optional<absl::Duration> timeout;
};

struct TextLikelihood {
  // The sum over the tokens, natural logarithm.
  double log_likelihood = 0;
  int64_t tokens = 0;
  // True if every token is the model's most likely one.
  bool greedy = false;
};

struct LikelihoodResult {
  // One per continuation, or one for the text.
  std::vector<TextLikelihood> likelihoods;
  std::string model;
  // The revision of the model that computed them.
  std::string revision;
};

// Thread-safe. Construction is cheap.
class LikelihoodService {
 public:
  // `manager` must outlive this object.
  LikelihoodService(registry::Manager* manager, const LimitsConfig& limits)
      : manager_(manager), limits_(limits) {}

  // Blocks while the model is loaded and computes. Errors are those of
  // proto/assay/v1/inference.proto; CANCELLED and DEADLINE_EXCEEDED take effect within one chunk of
  // the text.
  absl::StatusOr<LikelihoodResult> Compute(const LikelihoodCall& call, const CallContext& context);

 private:
  absl::Status Check(const LikelihoodCall& call) const;

  registry::Manager* const manager_;
  const LimitsConfig limits_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_LIKELIHOOD_H_
