// The interface of what computes a model: tokens in, logits out, over a paged KV cache. Private to
// this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_MODEL_EXECUTOR_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_MODEL_EXECUTOR_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/runtime/generation/log_probabilities.h"
#include "engine/runtime/generation/sampling.h"
#include "engine/runtime/scheduler/token_score.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The choice of the next tokens of one sequence.
struct TokenChoice {
  // The row of the step's logits, counted in the order of the chunks, that follows the last known
  // token.
  int64_t first_row = 0;
  // The draft tokens. Row first_row + i + 1 is used only if draft token i is accepted.
  absl::Span<const TokenId> draft;
  Sampler* sampler = nullptr;
  // Output: the chosen tokens, up to and including the first that differs from the draft; at least
  // one. INTERNAL if the logits of a row are not finite.
  absl::StatusOr<std::vector<TokenId>> tokens = std::vector<TokenId>();
  // Output: those of the chosen tokens if the sampler wants them, otherwise empty.
  std::vector<TokenLogProbabilities> log_probabilities = {};

  // The number of draft tokens that were accepted, once `tokens` is set; 0 after an error.
  int64_t accepted() const { return tokens.ok() ? static_cast<int64_t>(tokens->size()) - 1 : 0; }
};

// The score of a token that is known.
struct TokenRating {
  // The row of the step's logits that follows the token before it.
  int64_t row = 0;
  TokenId token = 0;
  // Output. INTERNAL if the logits of the row are not finite.
  absl::StatusOr<TokenScore> score = TokenScore();
};

// The next tokens of one sequence.
struct SequenceChunk {
  // Pages of the executor's KV cache: page i is for the tokens [32 i, 32 i + 32) of the sequence.
  // They hold the KV of all tokens before `position` and have room for the chunk.
  absl::Span<const int32_t> pages;
  absl::Span<const TokenId> tokens;
  int64_t position = 0;
  // The length of the sequence when its first token was computed. Some models rotate positions
  // differently in long sequences: a token within this length is rotated as in a sequence of this
  // length, and a later one as the last token of its own. So keys are the same however often they
  // are computed.
  int64_t first_length = 0;
  // The number of tokens at the end of the chunk after which logits are computed.
  int64_t logits = 1;
};

// The input of one Run(): chunks that are computed together.
struct ExecutorStep {
  // Chunks of different sequences, of any lengths.
  absl::Span<const SequenceChunk> chunks;
  // The uses of the logits; each row is used at most once.
  absl::Span<TokenChoice> choices = {};
  absl::Span<TokenRating> ratings = {};
};

// Computes the steps of one model. Not thread-safe; one call at a time.
class ModelExecutor {
 public:
  virtual ~ModelExecutor() = default;

  // Computes the chunks, then chooses and rates tokens by their logits, all in one time slice on
  // the threads or the device that models share. Models that always have a step to run take turns.
  // On the CPU the logits of a row do not depend on the other sequences; elsewhere they do up to
  // rounding. RESOURCE_EXHAUSTED: out of memory.
  virtual absl::Status Run(const ExecutorStep& step) = 0;

  // The time that the last Run() waited for time slices of other models.
  virtual absl::Duration waited() const = 0;
  // The approximate duration of another model's time slice. Zero if no other model has had one
  // since the last Run() and none waits.
  virtual absl::Duration contention_interval() const = 0;

  // Copies consecutive rows of the last step's logits, from `row` on, which no choice or rating has
  // used, to `out`, [rows, vocab]. For an encoder they are the hidden states, [rows, hidden].
  virtual absl::Status CopyLogits(int64_t row, absl::Span<float> out) = 0;

  // The number of pages of the KV cache.
  virtual int64_t pages() const = 0;
  virtual int64_t weight_bytes() const = 0;
  virtual int64_t cache_bytes() const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_MODEL_EXECUTOR_H_
