// How likely a model finds a text.
#ifndef ASSAY_ENGINE_RUNTIME_LIKELIHOOD_H_
#define ASSAY_ENGINE_RUNTIME_LIKELIHOOD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {

struct Likelihood {
  // Sum over the tokens, natural logarithm.
  double log_likelihood = 0;
  int64_t tokens = 0;
  // Every token is the model's most likely one.
  bool greedy = true;
};

// Of each continuation of the context, with lm_eval's conventions, so that results compare: spaces
// that end the context belong to the continuation; context and continuation are encoded as one
// text, and the tokens behind those of the context alone count; an empty context is the token that
// begins a text (else the one that ends it); what is too long loses its beginning. Special tokens
// spelled out in the text become those tokens. Reads beside running requests, a chunk at a time
// (LanguageModel::ScoreTokens). INVALID_ARGUMENT: an empty continuation, bad UTF-8, one longer than
// the context; FAILED_PRECONDITION: an empty context and no such token; else what `wanted` returns.
absl::StatusOr<std::vector<Likelihood>> LikelihoodsOf(LanguageModel& model,
                                                      std::string_view context,
                                                      absl::Span<const std::string> continuations,
                                                      absl::FunctionRef<absl::Status()> wanted);

// Of a text of any length, as lm_eval's rolling log-likelihood: windows of the context's length one
// after the other, each token counted once, the last window with as much before it as fits.
absl::StatusOr<Likelihood> LikelihoodOfText(LanguageModel& model, std::string_view text,
                                            absl::FunctionRef<absl::Status()> wanted);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LIKELIHOOD_H_
