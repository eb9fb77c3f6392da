// What computes a model: tokens in, logits out, over pages of keys and values. Private to this
// folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_MODEL_EXECUTOR_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_MODEL_EXECUTOR_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/runtime/generation/sampling.h"
#include "engine/runtime/scheduler/token_score.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// What follows some tokens of one sequence, of which all but the first were guessed.
struct TokenChoice {
  // Of the step's logits, in the order of the chunks: those after the first token.
  int64_t first_row = 0;
  // The guesses; row first_row + i + 1 is read if guess i was right.
  absl::Span<const TokenId> draft;
  Sampler* sampler = nullptr;
  // The tokens chosen, up to the first that the draft has otherwise: at least one. INTERNAL if a
  // row's logits are not finite.
  absl::StatusOr<std::vector<TokenId>> tokens = std::vector<TokenId>();
};

// What the model thinks of a token that is known.
struct TokenRating {
  // Of the step's logits: those after the token before it.
  int64_t row = 0;
  TokenId token = 0;
  // INTERNAL if the row's logits are not finite.
  absl::StatusOr<TokenScore> score = TokenScore();
};

// The next tokens of one sequence.
struct SequenceChunk {
  // Of the executor's memory: page i holds the tokens [32 i, 32 i + 32) of the sequence. They hold
  // what lies before `position`, and take up the chunk.
  absl::Span<const int32_t> pages;
  absl::Span<const TokenId> tokens;
  int64_t position = 0;
  // Of the text that was known when its first token was read. Some models turn positions
  // differently in long texts: a token within that length as in a text of that length, one behind
  // it as the last of its own; so that keys are the same however often they are computed.
  int64_t first_length = 0;
  // How many of the tokens, from the last one backwards, want the logits of what follows them.
  int64_t logits = 1;
};

// What is computed together.
struct ExecutorStep {
  // Of several sequences, of any lengths.
  absl::Span<const SequenceChunk> chunks;
  // What is made of their logits; each row at most once.
  absl::Span<TokenChoice> choices = {};
  absl::Span<TokenRating> ratings = {};
};

// Not thread-safe; one call at a time.
class ModelExecutor {
 public:
  virtual ~ModelExecutor() = default;

  // Reads the chunks, then chooses and rates by their logits, all in one turn on the threads or the
  // device that models share; models that always have a step to run have one after the other. A
  // row's logits do not depend on the other sequences on the CPU; elsewhere up to rounding.
  // RESOURCE_EXHAUSTED: out of memory.
  virtual absl::Status Run(const ExecutorStep& step) = 0;

  // Of the last Run(), for other models' turns.
  virtual absl::Duration waited() const = 0;
  // How long another model's turn is, about; zero: none has had one since the last Run(), or waits.
  virtual absl::Duration contention_interval() const = 0;

  // Copies a row of the last step's logits, one that was neither chosen nor rated by, to `out`,
  // [vocab].
  virtual absl::Status CopyLogits(int64_t row, absl::Span<float> out) = 0;

  // Pages that there are.
  virtual int64_t pages() const = 0;
  virtual int64_t weight_bytes() const = 0;
  virtual int64_t cache_bytes() const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_MODEL_EXECUTOR_H_
