// Sampling: the choice of the next token from logits.
#include "engine/runtime/generation/sampling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/kernels/row_ops.h"

namespace assay::engine {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// Returns a number in [0, 1). std::uniform_real_distribution differs between standard libraries,
// the bits of the generator do not.
double UniformBelowOne(std::mt19937_64& random) {
  constexpr int kDropped = 64 - std::numeric_limits<double>::digits;
  return std::ldexp(static_cast<double>(random() >> kDropped),
                    -std::numeric_limits<double>::digits);
}

}  // namespace

absl::Status LogitsNotFinite() {
  return absl::InternalError(
      "the logits are not finite: the weights are damaged or overflow this dtype; try float32");
}

Sampler::Sampler(const SamplingParams& params, absl::Span<const TokenId> prompt,
                 std::vector<TokenId> end_tokens)
    : params_(params), adjuster_(params, prompt, std::move(end_tokens)), random_(params.seed) {}

absl::StatusOr<TokenId> Sampler::Sample(absl::Span<const float> logits) {
  if (!adjuster_.is_active()) return Choose(logits);
  adjusted_.assign(logits.begin(), logits.end());
  adjuster_.Apply(absl::MakeSpan(adjusted_));
  absl::StatusOr<TokenId> token = Choose(adjusted_);
  if (token.ok()) adjuster_.Observe(*token);
  return token;
}

absl::StatusOr<TokenId> Sampler::Choose(absl::Span<const float> logits) {
  const auto count = static_cast<int64_t>(logits.size());
  const auto best = static_cast<TokenId>(ArgmaxOfRow(logits.data(), count));
  if (best < 0) return LogitsNotFinite();
  const float max_logit = logits[static_cast<size_t>(best)];
  if (!std::isfinite(max_logit)) return LogitsNotFinite();
  if (params_.greedy()) return best;
  double total = 0.0;
  if (params_.top_k > 0 && params_.top_k < count) {
    total = SelectTopK(logits, max_logit);
  } else {
    weights_.resize(logits.size());
    total = ExpOfRow(logits.data(), count, max_logit, 1.0F / params_.temperature, weights_.data());
    const bool filters = params_.top_p < 1.0F || params_.min_p > 0.0F || params_.typical_p < 1.0F;
    if (!filters) return DrawFromAll(total, best);
    SelectLikely(total, weights_[static_cast<size_t>(best)]);
  }
  if (params_.top_p < 1.0F) total = KeepMass(params_.top_p * total);
  if (params_.min_p > 0.0F) total = KeepMinP();
  if (params_.typical_p < 1.0F) total = KeepTypical(total);
  return Draw(total);
}

void Sampler::SelectLikely(double total, float largest) {
  // Tokens with smaller weights have less than 1 - top_p of the total together, so that top-p
  // excludes all of them; min-p excludes those below its own share. Skipping them saves sorting the
  // whole vocabulary. The best token stays, whatever the rounding of the total.
  const double below_top_p = (1.0 - params_.top_p) / static_cast<double>(weights_.size()) * total;
  const double below_min_p = static_cast<double>(params_.min_p) * largest;
  const double min_weight = std::min<double>(largest, std::max(below_top_p, below_min_p));
  candidates_.clear();
  for (size_t i = 0; i < weights_.size(); ++i) {
    // Minus infinity excludes a token.
    if (weights_[i] < min_weight || weights_[i] == 0.0F) continue;
    candidates_.push_back({.weight = weights_[i], .id = static_cast<TokenId>(i)});
  }
  std::sort(candidates_.begin(), candidates_.end(), HeavierFirst);
}

double Sampler::SelectTopK(absl::Span<const float> logits, float max_logit) {
  SelectLargest(logits, static_cast<size_t>(params_.top_k), &largest_);
  candidates_.clear();
  double total = 0.0;
  for (const TokenLogit& one : largest_) {
    // Minus infinity excludes a token.
    if (one.logit == kMinusInfinity) break;
    const double weight =
        std::exp((static_cast<double>(one.logit) - max_logit) / params_.temperature);
    candidates_.push_back({.weight = weight, .id = one.token});
    total += weight;
  }
  return total;
}

double Sampler::KeepMass(double mass) {
  double kept = 0.0;
  size_t count = 0;
  while (count < candidates_.size() && kept < mass) kept += candidates_[count++].weight;
  candidates_.resize(count);
  return kept;
}

double Sampler::KeepMinP() {
  const double least = params_.min_p * candidates_.front().weight;
  double kept = candidates_.front().weight;
  size_t count = 1;
  while (count < candidates_.size() && candidates_[count].weight >= least) {
    kept += candidates_[count++].weight;
  }
  candidates_.resize(count);
  return kept;
}

double Sampler::KeepTypical(double total) {
  // A weight may be rounded to 0; its information is infinite, and its share of the entropy is 0.
  std::vector<std::pair<double, Candidate>> by_distance;
  by_distance.reserve(candidates_.size());
  double entropy = 0.0;
  for (const Candidate& candidate : candidates_) {
    const double information = -std::log(candidate.weight / total);
    by_distance.emplace_back(information, candidate);
    if (candidate.weight > 0.0) entropy += candidate.weight / total * information;
  }
  for (auto& [distance, candidate] : by_distance) distance = std::abs(distance - entropy);
  std::stable_sort(by_distance.begin(), by_distance.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  candidates_.clear();
  for (const auto& [distance, candidate] : by_distance) candidates_.push_back(candidate);
  return KeepMass(params_.typical_p * total);
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
  // Rounding errors go to the first token, which is one of the most probable or typical.
  return candidates_.front().id;
}

}  // namespace assay::engine
