// Sampling: the choice of the next token from logits.
#include "engine/runtime/generation/sampling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/kernels/row_ops.h"

namespace assay::engine {
namespace {

constexpr float kMaxTemperature = 2.0F;
constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

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
    return absl::InvalidArgumentError(
        absl::StrCat("temperature is ", params.temperature, "; it must be in [0, 2]"));
  }
  if (!(params.top_p > 0.0F && params.top_p <= 1.0F)) {
    return absl::InvalidArgumentError(
        absl::StrCat("top_p is ", params.top_p, "; it must be in (0, 1]"));
  }
  if (params.top_k < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("top_k is ", params.top_k, "; it must be 0 (off) or more"));
  }
  return absl::OkStatus();
}

Sampler::Sampler(const SamplingParams& params) : params_(params), random_(params.seed) {}

TokenId Sampler::Sample(absl::Span<const float> logits) {
  const auto count = static_cast<int64_t>(logits.size());
  const auto best = static_cast<TokenId>(ArgmaxOfRow(logits.data(), count));
  if (params_.temperature == 0.0F || logits.empty()) return best;
  const float max_logit = logits[static_cast<size_t>(best)];
  if (params_.top_k > 0 && params_.top_k < count) {
    const double total = SelectTopK(logits, max_logit);
    return Draw(params_.top_p < 1.0F ? KeepTopP(total) : total);
  }
  weights_.resize(logits.size());
  const double total =
      ExpOfRow(logits.data(), count, max_logit, 1.0F / params_.temperature, weights_.data());
  if (params_.top_p == 1.0F) return DrawFromAll(total);
  // Tokens with smaller weights have less than 1 - top_p of the total together, so that top-p
  // excludes all of them. Skipping them saves sorting the whole vocabulary.
  const double min_weight = (1.0 - params_.top_p) / static_cast<double>(count) * total;
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
    // The comparison is false for NaN. Among equal logits the first stay.
    if (!(logits[i] > (full ? candidates_.front().weight : kMinusInfinity))) continue;
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

TokenId Sampler::DrawFromAll(double total) {
  double left = UniformBelowOne(random_) * total;
  TokenId last = 0;
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (weights_[i] == 0.0F) continue;
    last = static_cast<TokenId>(i);
    left -= weights_[i];
    if (left < 0.0) break;
  }
  return last;
}

TokenId Sampler::Draw(double total) {
  double left = UniformBelowOne(random_) * total;
  for (const Candidate& candidate : candidates_) {
    left -= candidate.weight;
    if (left < 0.0) return candidate.id;
  }
  return candidates_.empty() ? 0 : candidates_.back().id;
}

}  // namespace assay::engine
