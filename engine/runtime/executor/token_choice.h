// Functions to choose and check tokens, shared by the executors. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_TOKEN_CHOICE_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_TOKEN_CHOICE_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/runtime/generation/sampling.h"
#include "engine/runtime/scheduler/model_executor.h"
#include "engine/runtime/scheduler/token_score.h"

namespace assay::engine {

// Returns the token, or INTERNAL if its logit is not finite. The logit must be the largest of its
// row, or NaN if the row has NaN.
inline absl::StatusOr<TokenId> CheckFinite(float logit, TokenId token) {
  if (std::isfinite(logit)) return token;
  return LogitsNotFinite();
}

// Returns the score, or INTERNAL if it is not finite.
inline absl::StatusOr<TokenScore> CheckFinite(const TokenScore& score) {
  if (std::isfinite(score.log_probability)) return score;
  return LogitsNotFinite();
}

// Chooses a token by a row of logits, and adds its log-probabilities if the request wants them.
inline absl::StatusOr<TokenId> ChooseByLogits(absl::Span<const float> logits, TokenChoice& choice) {
  ASSIGN_OR_RETURN(const TokenId token, choice.sampler->Sample(logits));
  const int top = choice.sampler->log_probabilities();
  if (top < 0) return token;
  ASSIGN_OR_RETURN(choice.log_probabilities.emplace_back(), LogProbabilitiesOf(logits, token, top));
  return token;
}

// Returns the value for choice.tokens. Calls choose(row) for one row after the other, as long as
// the draft tokens are accepted.
template <typename ChooseRow>
absl::StatusOr<std::vector<TokenId>> ChooseWhileAccepted(const TokenChoice& choice,
                                                         const ChooseRow& choose) {
  std::vector<TokenId> tokens;
  for (size_t i = 0; i <= choice.draft.size(); ++i) {
    ASSIGN_OR_RETURN(const TokenId token, choose(choice.first_row + static_cast<int64_t>(i)));
    tokens.push_back(token);
    if (i < choice.draft.size() && token != choice.draft[i]) break;
  }
  return tokens;
}

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_TOKEN_CHOICE_H_
