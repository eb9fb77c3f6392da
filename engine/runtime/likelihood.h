// Log-likelihoods of texts, as lm_eval computes them.
#ifndef ASSAY_ENGINE_RUNTIME_LIKELIHOOD_H_
#define ASSAY_ENGINE_RUNTIME_LIKELIHOOD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {

struct Likelihood {
  // The sum over the tokens, natural logarithm.
  double log_likelihood = 0;
  int64_t tokens = 0;
  // True if every token is the model's most likely one.
  bool greedy = true;
};

// Scores each continuation of `context` by lm_eval's conventions, so that results compare:
// - Spaces at the end of the context belong to the continuation.
// - Context and continuation are encoded as one text, and only the tokens after those of the
//   context alone count.
// - An empty context is replaced by the token that begins a text, or else the one that ends it.
//   For Gemma, the token that begins a text precedes every context.
// - A text that is too long loses its beginning.
// Special tokens spelled out in the text become those tokens. The scheduler computes the tokens
// beside running requests, a chunk at a time (LanguageModel::ScoreTokens()). Blocks.
// INVALID_ARGUMENT: a continuation is empty, not UTF-8 or longer than the context length, or the
// texts are longer than any queue (LanguageModel::AdmitText()).
// FAILED_PRECONDITION: the context is empty and the model has no such token. RESOURCE_EXHAUSTED:
// too many texts wait (LanguageModel::AdmitText()). Also the errors of ScoreTokens() and of
// call.Check().
absl::StatusOr<std::vector<Likelihood>> ScoreContinuations(
    LanguageModel& model, std::string_view context, absl::Span<const std::string> continuations,
    const CallContext& call);

// Scores a text of any length, as lm_eval's rolling log-likelihood does: in windows of the model's
// context length, one after the other. Each token counts once, and the last window has as many
// tokens before it as fit. Errors as ScoreContinuations().
absl::StatusOr<Likelihood> ScoreText(LanguageModel& model, std::string_view text,
                                     const CallContext& call);

// Returns an upper bound of the memory that `texts` texts of `bytes` together hold while they are
// scored or wait for it: a copy of each, its tokens, and the scores of a window of the model's
// context length. Encoding takes more for a moment (encoding_slots.h).
int64_t MaxLikelihoodBytes(int64_t texts, int64_t bytes, int64_t context);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LIKELIHOOD_H_
