// What a model thinks of a token.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_TOKEN_SCORE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_TOKEN_SCORE_H_

namespace assay::engine {

// Of one token of a text.
struct TokenScore {
  // Natural logarithm, given all that stands before it.
  double log_probability = 0.0;
  // It is the most likely one.
  bool greedy = false;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_TOKEN_SCORE_H_
