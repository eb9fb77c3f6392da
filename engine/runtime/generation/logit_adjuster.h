// Changes logits by the tokens that a request has so far. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_LOGIT_ADJUSTER_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_LOGIT_ADJUSTER_H_

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "engine/runtime/generation/sampling_params.h"

namespace assay::engine {

// The penalties, the bias and the minimum length of one request, applied in this order:
// repetition_penalty (as transformers' RepetitionPenaltyLogitsProcessor), presence_penalty and
// frequency_penalty (as the OpenAI API defines them), logit_bias, min_tokens. A call costs as much
// as the request has different tokens. Not thread-safe.
class LogitAdjuster {
 public:
  // `end_tokens` end a text. `prompt` is read only here.
  LogitAdjuster(const SamplingParams& params, absl::Span<const TokenId> prompt,
                std::vector<TokenId> end_tokens);

  // False: Apply() never changes anything.
  bool is_active() const { return is_active_; }
  // Changes the logits of the next token, [vocab]. Ids outside of the row are left out.
  void Apply(absl::Span<float> logits) const;
  // Must be called with each token that was chosen.
  void Observe(TokenId token);

 private:
  bool has_penalties() const { return has_repetition_ || has_counts_; }

  const float repetition_penalty_;
  const float presence_penalty_;
  const float frequency_penalty_;
  const bool has_repetition_;
  const bool has_counts_;
  const std::vector<LogitBias> logit_bias_;
  const int min_tokens_;
  const std::vector<TokenId> end_tokens_;
  const bool is_active_;
  // How often a token was generated; 0 for one that is only in the prompt.
  absl::flat_hash_map<TokenId, int> counts_;
  int generated_ = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_LOGIT_ADJUSTER_H_
