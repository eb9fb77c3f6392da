// How the next token is chosen from logits.
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
constexpr double kNothing = -std::numeric_limits<double>::infinity();

// std::uniform_real_distribution differs between standard libraries; the generator's bits do not.
double UniformBelowOne(std::mt19937_64& random) {
  constexpr int kDropped = 64 - std::numeric_limits<double>::digits;
  return std::ldexp(static_cast<double>(random() >> kDropped),
                    -std::numeric_limits<double>::digits);
}

}  // namespace

absl::Status ValidateSampling(const SamplingParams& params) {
  // Written so that NaN fails.
  if (!(params.temperature >= 0.0F && params.temperature <= kMaxTemperature)) {
    return absl::InvalidArgumentError(
        absl::StrCat("temperature is ", params.temperature, "; it must lie in [0, 2]"));
  }
  if (!(params.top_p > 0.0F && params.top_p <= 1.0F)) {
    return absl::InvalidArgumentError(
        absl::StrCat("top_p is ", params.top_p, "; it must lie in (0, 1]"));
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
  const float most = logits[static_cast<size_t>(best)];
  if (params_.top_k > 0 && params_.top_k < count) {
    const double total = TakeTopK(logits, most);
    return Draw(params_.top_p < 1.0F ? KeepTopP(total) : total);
  }
  weights_.resize(logits.size());
  const double total =
      WeighRow(logits.data(), count, most, 1.0F / params_.temperature, weights_.data());
  if (params_.top_p == 1.0F) return DrawOfAll(total);
  // Those below this share together hold less than 1 - top_p, so none of them is within the first
  // top_p: leaving them out saves sorting the vocabulary.
  const double hopeless = (1.0 - params_.top_p) / static_cast<double>(count) * total;
  candidates_.clear();
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (weights_[i] < hopeless) continue;
    candidates_.push_back({.weight = weights_[i], .id = static_cast<TokenId>(i)});
  }
  std::sort(candidates_.begin(), candidates_.end(), HeavierFirst);
  return Draw(KeepTopP(total));
}

double Sampler::TakeTopK(absl::Span<const float> logits, float most) {
  // A heap with the lightest on top; by logits at first.
  candidates_.clear();
  const auto top_k = static_cast<size_t>(params_.top_k);
  for (size_t i = 0; i < logits.size(); ++i) {
    const bool full = candidates_.size() == top_k;
    // False for NaN; of equal ones the first stay.
    if (!(logits[i] > (full ? candidates_.front().weight : kNothing))) continue;
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
    candidate.weight = std::exp((candidate.weight - most) / params_.temperature);
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

TokenId Sampler::DrawOfAll(double total) {
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
