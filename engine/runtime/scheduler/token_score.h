// The score of a token.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_TOKEN_SCORE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_TOKEN_SCORE_H_

namespace assay::engine {

// How likely a model finds one token of a sequence, given all tokens before it.
struct TokenScore {
  // Natural logarithm.
  double log_probability = 0.0;
  // True if the token is the most likely one.
  bool greedy = false;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_TOKEN_SCORE_H_
