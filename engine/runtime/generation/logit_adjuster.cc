// Changes logits by the tokens that a request has so far.
#include "engine/runtime/generation/logit_adjuster.h"

#include <cstddef>
#include <limits>
#include <utility>

namespace assay::engine {

LogitAdjuster::LogitAdjuster(const SamplingParams& params, absl::Span<const TokenId> prompt,
                             std::vector<TokenId> end_tokens)
    : repetition_penalty_(params.repetition_penalty),
      presence_penalty_(params.presence_penalty),
      frequency_penalty_(params.frequency_penalty),
      has_repetition_(params.repetition_penalty != 1.0F),
      has_counts_(params.presence_penalty != 0.0F || params.frequency_penalty != 0.0F),
      logit_bias_(params.logit_bias),
      min_tokens_(params.min_tokens),
      end_tokens_(std::move(end_tokens)),
      is_active_(has_penalties() || !logit_bias_.empty() ||
                 (min_tokens_ > 0 && !end_tokens_.empty())) {
  if (!has_repetition_) return;
  for (const TokenId token : prompt) counts_.try_emplace(token, 0);
}

void LogitAdjuster::Apply(absl::Span<float> logits) const {
  const auto at = [&](TokenId token) -> float* {
    return token >= 0 && static_cast<size_t>(token) < logits.size() ? &logits[token] : nullptr;
  };
  for (const auto& [token, count] : counts_) {
    float* const logit = at(token);
    if (logit == nullptr) continue;
    if (has_repetition_) {
      *logit = *logit < 0.0F ? *logit * repetition_penalty_ : *logit / repetition_penalty_;
    }
    if (count == 0) continue;
    *logit -= presence_penalty_ + frequency_penalty_ * static_cast<float>(count);
  }
  for (const LogitBias& bias : logit_bias_) {
    if (float* const logit = at(bias.token); logit != nullptr) *logit += bias.bias;
  }
  if (generated_ >= min_tokens_) return;
  for (const TokenId token : end_tokens_) {
    if (float* const logit = at(token); logit != nullptr) {
      *logit = -std::numeric_limits<float>::infinity();
    }
  }
}

void LogitAdjuster::Observe(TokenId token) {
  ++generated_;
  if (has_penalties()) ++counts_[token];
}

}  // namespace assay::engine
