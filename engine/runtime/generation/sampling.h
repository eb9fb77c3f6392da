// Sampling: the choice of the next token from logits.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_

#include <cstdint>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The smallest temperature that is sampled. Smaller ones are greedy, as in vLLM (_SAMPLING_EPS):
// they cannot tell apart logits that differ by rounding, and the inverse of the smallest ones
// overflows.
inline constexpr float kMinSampledTemperature = 1e-5F;

// The sampling parameters of a request.
struct SamplingParams {
  // 0 to 2; below kMinSampledTemperature = greedy.
  float temperature = 0.0F;
  // In (0, 1]; 1 = off.
  float top_p = 1.0F;
  // 0 = off; a number above the size of the vocabulary has no effect.
  int top_k = 0;
  uint64_t seed = 0;
};

// Returns INVALID_ARGUMENT with the field, its value and its range if a value is out of range.
absl::Status ValidateSampling(const SamplingParams& params);

// Returns INTERNAL: the logits have NaN or plus infinity, or no finite value.
absl::Status LogitsNotFinite();

// Chooses the tokens of one request. The filters are applied in the order top-k, temperature,
// top-p, with the same result as transformers' logits warpers. The same seed and logits give the
// same choice. Not thread-safe: one sampler per request.
class Sampler {
 public:
  explicit Sampler(const SamplingParams& params);

  // Returns a token for `logits`, [vocab]. Among equal logits a greedy choice has the lowest id. A
  // logit of minus infinity excludes its token. Returns LogitsNotFinite() for logits that are not a
  // distribution: they have NaN or plus infinity, or none of them is finite.
  absl::StatusOr<TokenId> Sample(absl::Span<const float> logits);

  bool greedy() const { return params_.temperature < kMinSampledTemperature; }

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
  // Draws a token of the whole vocabulary by weights_. `best` has the largest weight.
  TokenId DrawFromAll(double total, TokenId best);
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
