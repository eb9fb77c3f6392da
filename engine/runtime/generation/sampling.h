// Sampling: the choice of the next token from logits.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_

#include <cstdint>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The sampling parameters of a request.
struct SamplingParams {
  // 0 to 2; 0 = greedy.
  float temperature = 0.0F;
  // In (0, 1]; 1 = off.
  float top_p = 1.0F;
  // 0 = off.
  int top_k = 0;
  uint64_t seed = 0;
};

// Returns INVALID_ARGUMENT with the field, its value and its range if a value is out of range.
absl::Status ValidateSampling(const SamplingParams& params);

// Chooses the tokens of one request. The filters are applied in the order top-k, temperature,
// top-p, with the same result as transformers' logits warpers. The same seed and logits give the
// same choice. Not thread-safe: one sampler per request.
class Sampler {
 public:
  explicit Sampler(const SamplingParams& params);

  // Returns a token for `logits`, [vocab]. Among equal logits a greedy choice has the lowest id.
  TokenId Sample(absl::Span<const float> logits);

  bool greedy() const { return params_.temperature == 0.0F; }

 private:
  // A token that may be chosen. `weight` is exp((logit - max) / temperature).
  struct Candidate {
    double weight;
    TokenId id;
  };

  static bool HeavierFirst(const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
  }

  // Sets the candidates to the k tokens with the largest logits, sorted by weight, largest first;
  // among equal ones the lowest ids. Returns the sum of their weights.
  double SelectTopK(absl::Span<const float> logits, float max_logit);
  // Keeps the smallest number of sorted candidates whose weights reach top_p of `total`. Returns
  // the sum of their weights.
  double KeepTopP(double total);
  // Draws a token of the whole vocabulary by weights_.
  TokenId DrawFromAll(double total);
  // Draws one of the candidates.
  TokenId Draw(double total);

  SamplingParams params_;
  std::mt19937_64 random_;
  // Buffers that are kept between calls to save allocations.
  std::vector<Candidate> candidates_;
  std::vector<float> weights_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_
