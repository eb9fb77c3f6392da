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

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

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
  if (params_.top_p < 1.0F) total = KeepTopP(total);
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
  const auto information = [total](const Candidate& candidate) {
    return -std::log(candidate.weight / total);
  };
  double entropy = 0.0;
  for (const Candidate& candidate : candidates_) {
    if (candidate.weight > 0.0) entropy += candidate.weight / total * information(candidate);
  }
  std::stable_sort(candidates_.begin(), candidates_.end(),
                   [&](const Candidate& a, const Candidate& b) {
                     return std::abs(information(a) - entropy) < std::abs(information(b) - entropy);
                   });
  double kept = 0.0;
  size_t count = 0;
  while (count < candidates_.size() && kept < params_.typical_p * total) {
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
  // Rounding errors go to the first token, which is one of the most probable or typical.
  return candidates_.front().id;
}

}  // namespace assay::engine
