// Sampling: the choice of the next token from logits.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_

#include <cstdint>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/runtime/generation/largest_logits.h"
#include "engine/runtime/generation/logit_adjuster.h"
#include "engine/runtime/generation/sampling_params.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Returns INTERNAL: the logits have NaN or plus infinity, or no finite value.
absl::Status LogitsNotFinite();

// Chooses the tokens of one request, with the same result as transformers' logits processors. The
// same seed, prompt and logits give the same choices. Not thread-safe: one sampler per request.
class Sampler {
 public:
  // `end_tokens` end a text. `prompt` is read only here.
  explicit Sampler(const SamplingParams& params, absl::Span<const TokenId> prompt = {},
                   std::vector<TokenId> end_tokens = {});

  // Returns the next token, given `logits`, [vocab], and all tokens that were returned before.
  // Among equal logits a greedy choice has the lowest id. A logit of minus infinity excludes its
  // token. Returns LogitsNotFinite() for logits that are not a distribution: they have NaN or plus
  // infinity, or none of them is finite.
  absl::StatusOr<TokenId> Sample(absl::Span<const float> logits);

  // True if only the largest logit is needed, and nothing else of the row.
  bool takes_largest() const {
    return params_.greedy() && !adjuster_.is_active() && params_.log_probabilities < 0;
  }
  // SamplingParams::log_probabilities.
  int log_probabilities() const { return params_.log_probabilities; }

 private:
  // A token that may be chosen. `weight` is exp((logit - max) / temperature).
  struct Candidate {
    double weight;
    TokenId id;
  };

  static bool HeavierFirst(const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
  }

  absl::StatusOr<TokenId> Choose(absl::Span<const float> logits);
  // Sets the candidates to the k tokens with the largest logits, sorted by weight, largest first;
  // among equal ones the lowest ids. Returns the sum of their weights.
  double SelectTopK(absl::Span<const float> logits, float max_logit);
  // Sets the candidates to the tokens of weights_ that top-p and min-p may keep, sorted by weight,
  // largest first. `largest` is the largest weight.
  void SelectLikely(double total, float largest);
  // Keeps the first candidates, as few as reach `mass`. Returns the sum of their weights.
  double KeepMass(double mass);
  // Keeps the sorted candidates with at least min_p of the largest weight, and returns the sum of
  // their weights.
  double KeepMinP();
  // Keeps the candidates whose information is nearest to the entropy, until they reach typical_p of
  // `total`. Returns the sum of their weights.
  double KeepTypical(double total);
  // Draws a token of the whole vocabulary by weights_. `best` has the largest weight.
  TokenId DrawFromAll(double total, TokenId best);
  // Draws one of the candidates.
  TokenId Draw(double total);

  const SamplingParams params_;
  LogitAdjuster adjuster_;
  std::mt19937_64 random_;
  // Buffers that are kept between calls to save allocations.
  std::vector<Candidate> candidates_;
  std::vector<TokenLogit> largest_;
  std::vector<float> weights_;
  std::vector<float> adjusted_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_
