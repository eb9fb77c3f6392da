// Sampling: the choice of the next token from logits.
#include "engine/runtime/generation/sampling.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/kernels/row_ops.h"

namespace assay::engine {
namespace {

constexpr float kMaxTemperature = 2.0F;
constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

absl::Status OutOfRange(const char* field, float value, const char* range) {
  // The shortest text that is not rounded: 2.0000002 must not read as 2.
  std::array<char, 32> text{};
  const std::to_chars_result end = std::to_chars(text.data(), text.data() + text.size(), value);
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", std::string(text.data(), end.ptr), "; it must be in ", range));
}

// Returns a number in [0, 1). std::uniform_real_distribution differs between standard libraries,
// the bits of the generator do not.
double UniformBelowOne(std::mt19937_64& random) {
  constexpr int kDropped = 64 - std::numeric_limits<double>::digits;
  return std::ldexp(static_cast<double>(random() >> kDropped),
                    -std::numeric_limits<double>::digits);
}

}  // namespace

absl::Status ValidateSampling(const SamplingParams& params) {
  // The negation makes the check fail for NaN.
  if (!(params.temperature >= 0.0F && params.temperature <= kMaxTemperature)) {
    return OutOfRange("temperature", params.temperature, "[0, 2]");
  }
  if (!(params.top_p > 0.0F && params.top_p <= 1.0F)) {
    return OutOfRange("top_p", params.top_p, "(0, 1]");
  }
  if (params.top_k < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("top_k is ", params.top_k, "; it must be 0 (off) or more"));
  }
  return absl::OkStatus();
}

absl::Status LogitsNotFinite() {
  return absl::InternalError(
      "the logits are not finite: the weights are damaged or overflow this dtype; try float32");
}

Sampler::Sampler(const SamplingParams& params) : params_(params), random_(params.seed) {}

absl::StatusOr<TokenId> Sampler::Sample(absl::Span<const float> logits) {
  const auto count = static_cast<int64_t>(logits.size());
  const auto best = static_cast<TokenId>(ArgmaxOfRow(logits.data(), count));
  if (best < 0) return LogitsNotFinite();
  const float max_logit = logits[static_cast<size_t>(best)];
  if (!std::isfinite(max_logit)) return LogitsNotFinite();
  if (greedy()) return best;
  if (params_.top_k > 0 && params_.top_k < count) {
    const double total = SelectTopK(logits, max_logit);
    return Draw(params_.top_p < 1.0F ? KeepTopP(total) : total);
  }
  weights_.resize(logits.size());
  const double total =
      ExpOfRow(logits.data(), count, max_logit, 1.0F / params_.temperature, weights_.data());
  if (params_.top_p == 1.0F) return DrawFromAll(total, best);
  // Tokens with smaller weights have less than 1 - top_p of the total together, so that top-p
  // excludes all of them. Skipping them saves sorting the whole vocabulary. The best token stays,
  // whatever the rounding of the total.
  const double min_weight =
      std::min<double>(weights_[static_cast<size_t>(best)],
                       (1.0 - params_.top_p) / static_cast<double>(count) * total);
  candidates_.clear();
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (weights_[i] < min_weight) continue;
    candidates_.push_back({.weight = weights_[i], .id = static_cast<TokenId>(i)});
  }
  std::sort(candidates_.begin(), candidates_.end(), HeavierFirst);
  return Draw(KeepTopP(total));
}

double Sampler::SelectTopK(absl::Span<const float> logits, float max_logit) {
  // The candidates are a heap with the smallest logit on top; `weight` is the logit at first.
  candidates_.clear();
  const auto top_k = static_cast<size_t>(params_.top_k);
  for (size_t i = 0; i < logits.size(); ++i) {
    const bool full = candidates_.size() == top_k;
    // Among equal logits the first stay. Minus infinity excludes a token.
    if (logits[i] <= (full ? candidates_.front().weight : kMinusInfinity)) continue;
    if (full) {
      std::pop_heap(candidates_.begin(), candidates_.end(), HeavierFirst);
      candidates_.pop_back();
    }
    candidates_.push_back({.weight = logits[i], .id = static_cast<TokenId>(i)});
    std::push_heap(candidates_.begin(), candidates_.end(), HeavierFirst);
  }
  std::sort_heap(candidates_.begin(), candidates_.end(), HeavierFirst);
  double total = 0.0;
  for (Candidate& candidate : candidates_) {
    candidate.weight = std::exp((candidate.weight - max_logit) / params_.temperature);
    total += candidate.weight;
  }
  return total;
}

double Sampler::KeepTopP(double total) {
  double kept = 0.0;
  size_t count = 0;
  while (count < candidates_.size() && kept < params_.top_p * total) {
    kept += candidates_[count++].weight;
  }
  candidates_.resize(count);
  return kept;
}

TokenId Sampler::DrawFromAll(double total, TokenId best) {
  double left = UniformBelowOne(random_) * total;
  for (size_t i = 0; i < weights_.size(); ++i) {
    left -= weights_[i];
    if (left < 0.0) return static_cast<TokenId>(i);
  }
  // The total is summed in fp32. Where it exceeds the sum of the weights, its rounding error must
  // not go to the last token, which may be very improbable.
  return best;
}

TokenId Sampler::Draw(double total) {
  double left = UniformBelowOne(random_) * total;
  for (const Candidate& candidate : candidates_) {
    left -= candidate.weight;
    if (left < 0.0) return candidate.id;
  }
  // Rounding errors go to the most probable token.
  return candidates_.front().id;
}

}  // namespace assay::engine
