// How the tokens of a request are chosen.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_PARAMS_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_PARAMS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The smallest temperature that is sampled. Smaller ones are greedy, as in vLLM (_SAMPLING_EPS):
// they cannot tell apart logits that differ by rounding, and the inverse of the smallest ones
// overflows.
inline constexpr float kMinSampledTemperature = 1e-5F;

// The most log-probabilities beside that of the chosen token.
inline constexpr int kMaxTopLogProbabilities = 20;

// What is added to the logit of a token.
struct LogitBias {
  TokenId token = 0;
  // In [-100, 100].
  float bias = 0.0F;
};

// The sampling parameters of a request. The penalties and the bias change the logits first
// (logit_adjuster.h). Then come temperature, top_k, top_p, min_p and typical_p, in this order, as
// in transformers.
struct SamplingParams {
  // 0 to 2; below kMinSampledTemperature = greedy.
  float temperature = 0.0F;
  // In (0, 1]; 1 = off. Nucleus sampling (Holtzman et al. 2020).
  float top_p = 1.0F;
  // 0 = off; a number above the size of the vocabulary has no effect.
  int top_k = 0;
  // In [0, 1]; 0 = off. Keeps the tokens with at least this share of the largest probability
  // (Nguyen et al. 2024).
  float min_p = 0.0F;
  // In (0, 1]; 1 = off. Locally typical sampling (Meister et al. 2023): keeps the tokens whose
  // information is nearest to the entropy, until their probability reaches this mass.
  float typical_p = 1.0F;
  // In (0, 10]; 1 = off. Divides the positive logits of the tokens of the prompt and the text, and
  // multiplies the negative ones (Keskar et al. 2019).
  float repetition_penalty = 1.0F;
  // In [-2, 2]; 0 = off. Subtracted from the logits of the generated tokens, once, and times their
  // number.
  float presence_penalty = 0.0F;
  float frequency_penalty = 0.0F;
  // Each token at most once.
  std::vector<LogitBias> logit_bias = {};
  // The tokens that end a text are excluded from the first tokens, of which there are so many.
  int min_tokens = 0;
  // The number of most likely tokens whose log-probabilities are reported beside that of each
  // chosen token; -1 = none is reported.
  int log_probabilities = -1;
  uint64_t seed = 0;

  bool greedy() const { return temperature < kMinSampledTemperature; }
};

// Returns INVALID_ARGUMENT with the field, its value and its range if a value is out of range.
// `vocab_size` is that of the model, or 0 if it is not known yet.
absl::Status ValidateSampling(const SamplingParams& params, int vocab_size = 0);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_SAMPLING_PARAMS_H_
