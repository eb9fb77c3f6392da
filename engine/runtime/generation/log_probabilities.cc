// The log-probabilities of tokens.
#include "engine/runtime/generation/log_probabilities.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/row_ops.h"
#include "engine/runtime/generation/sampling.h"

namespace assay::engine {
namespace {

bool MoreLikely(const TokenLogProbability& a, const TokenLogProbability& b) {
  return a.log_probability != b.log_probability ? a.log_probability > b.log_probability
                                                : a.token < b.token;
}

}  // namespace

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
  // A heap with the least likely token on top.
  std::vector<TokenLogProbability>& heap = result.top;
  const auto size = std::min(static_cast<size_t>(top), logits.size());
  heap.reserve(size + 1);
  for (size_t i = 0; i < logits.size(); ++i) {
    const TokenLogProbability next = {.token = static_cast<TokenId>(i),
                                      .log_probability = logits[i] - log_sum};
    const bool full = heap.size() == size;
    if (full && next.log_probability <= heap.front().log_probability) continue;
    heap.push_back(next);
    std::push_heap(heap.begin(), heap.end(), MoreLikely);
    if (!full) continue;
    std::pop_heap(heap.begin(), heap.end(), MoreLikely);
    heap.pop_back();
  }
  std::sort_heap(heap.begin(), heap.end(), MoreLikely);
  return result;
}

}  // namespace assay::engine
