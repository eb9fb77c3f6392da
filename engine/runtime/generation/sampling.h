// How the next token is chosen from logits.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_

#include <cstdint>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

struct SamplingParams {
  // 0 = greedy. At most 2.
  float temperature = 0.0F;
  // (0, 1]; 1 = off.
  float top_p = 1.0F;
  // 0 = off.
  int top_k = 0;
  uint64_t seed = 0;
};

// INVALID_ARGUMENT names the field, the value and the range.
absl::Status ValidateSampling(const SamplingParams& params);

// Chooses tokens of one request. Order of filters: top-k, then temperature, then top-p, as
// transformers' warpers apply them after temperature scaling. Same seed and logits: same choice.
// Not thread-safe; one a request.
class Sampler {
 public:
  explicit Sampler(const SamplingParams& params);

  // logits: [vocab]. Greedy ties go to the lowest id.
  TokenId Sample(absl::Span<const float> logits);

  bool greedy() const { return params_.temperature == 0.0F; }

 private:
  // `weight` is exp((logit - max) / temperature).
  struct Candidate {
    double weight;
    TokenId id;
  };

  static bool HeavierFirst(const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
  }

  // Sets the candidates to the k of largest logit, the heaviest first, of equal ones the lowest
  // ids; returns the sum of their weights.
  double TakeTopK(absl::Span<const float> logits, float most);
  // Of candidates, the heaviest first: the fewest that reach top_p of `total`; returns their sum.
  double KeepTopP(double total);
  // By weights_, all the vocabulary's.
  TokenId DrawOfAll(double total);
  TokenId Draw(double total);

  SamplingParams params_;
  std::mt19937_64 random_;
  // Kept between calls to save the allocation.
  std::vector<Candidate> candidates_;
  std::vector<float> weights_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_H_
