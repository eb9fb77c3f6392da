// The log-probabilities of tokens.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_LOG_PROBABILITIES_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_LOG_PROBABILITIES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

struct TokenLogProbability {
  TokenId token = 0;
  // Natural logarithm. Minus infinity if the model excludes the token.
  float log_probability = 0.0F;
};

// How likely the model found a token and those that it found most likely in its place. All values
// are those of the model, before temperature, penalties and filters.
struct TokenLogProbabilities {
  TokenLogProbability chosen;
  // The most likely first; among equal ones the lowest ids.
  std::vector<TokenLogProbability> top = {};
};

// Returns the log-probability of `token` and of the `top` most likely tokens by `logits`, [vocab].
// Costs as much as a few passes over the row. INTERNAL: the logits are not finite.
absl::StatusOr<TokenLogProbabilities> LogProbabilitiesOf(absl::Span<const float> logits,
                                                         TokenId token, int top);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_LOG_PROBABILITIES_H_
