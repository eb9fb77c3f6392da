// The log-probabilities of tokens.
#include "engine/runtime/generation/log_probabilities.h"

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/row_ops.h"
#include "engine/runtime/generation/largest_logits.h"
#include "engine/runtime/generation/sampling.h"

namespace assay::engine {
absl::StatusOr<TokenLogProbabilities> LogProbabilitiesOf(absl::Span<const float> logits,
                                                         TokenId token, int top) {
  const auto count = static_cast<int64_t>(logits.size());
  const int64_t best = ArgmaxOfRow(logits.data(), count);
  if (best < 0 || !std::isfinite(logits[static_cast<size_t>(best)])) return LogitsNotFinite();
  const float max = logits[static_cast<size_t>(best)];
  std::vector<float> exps(logits.size());
  const double sum = ExpOfRow(logits.data(), count, max, 1.0F, exps.data());
  const auto log_sum = static_cast<float>(max + std::log(sum));

  TokenLogProbabilities result;
  result.chosen = {.token = token, .log_probability = logits[static_cast<size_t>(token)] - log_sum};
  if (top == 0) return result;
  std::vector<TokenLogit> largest;
  SelectLargest(logits, static_cast<size_t>(top), &largest);
  for (const TokenLogit& one : largest) {
    result.top.push_back({.token = one.token, .log_probability = one.logit - log_sum});
  }
  return result;
}

}  // namespace assay::engine
