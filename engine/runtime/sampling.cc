// How the next token is chosen from logits.
#include "engine/runtime/sampling.h"

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
  const auto best =
      static_cast<TokenId>(ArgmaxOfRow(logits.data(), static_cast<int64_t>(logits.size())));
  if (params_.temperature == 0.0F || logits.empty()) return best;
  FillCandidates(logits);
  const double total = WeighCandidates(logits[static_cast<size_t>(best)]);
  return Draw(params_.top_p < 1.0F ? KeepTopP(total) : total);
}

void Sampler::FillCandidates(absl::Span<const float> logits) {
  candidates_.clear();
  candidates_.reserve(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i])) continue;
    candidates_.push_back({.weight = logits[i], .id = static_cast<TokenId>(i)});
  }
  const auto top_k = static_cast<size_t>(params_.top_k);
  if (top_k == 0 || top_k >= candidates_.size()) return;
  std::nth_element(candidates_.begin(), candidates_.begin() + params_.top_k, candidates_.end(),
                   HeavierFirst);
  candidates_.resize(top_k);
  // nth_element's order is the library's own; the draw depends on the order.
  std::sort(candidates_.begin(), candidates_.end(), HeavierFirst);
}

double Sampler::WeighCandidates(float max_logit) {
  double total = 0.0;
  for (Candidate& candidate : candidates_) {
    candidate.weight = std::exp((candidate.weight - max_logit) / params_.temperature);
    total += candidate.weight;
  }
  return total;
}

double Sampler::KeepTopP(double total) {
  // Those below this share together hold less than 1 - top_p, so none of them is within the first
  // top_p: dropping them first saves sorting the vocabulary.
  const double hopeless = (1.0 - params_.top_p) / static_cast<double>(candidates_.size()) * total;
  std::erase_if(candidates_, [&](const Candidate& c) { return c.weight < hopeless; });
  std::sort(candidates_.begin(), candidates_.end(), HeavierFirst);
  double kept = 0.0;
  size_t count = 0;
  while (count < candidates_.size() && kept < params_.top_p * total) {
    kept += candidates_[count++].weight;
  }
  candidates_.resize(count);
  return kept;
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
