// What computes a model: tokens in, logits out, over pages of keys and values. Private to this
// folder.
#ifndef ASSAY_ENGINE_RUNTIME_MODEL_EXECUTOR_H_
#define ASSAY_ENGINE_RUNTIME_MODEL_EXECUTOR_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/runtime/sampling.h"
#include "engine/text/tokenizer.h"

namespace assay::engine {

enum class LogitsWanted { kNone, kLast, kAll };

// The next tokens of one sequence.
struct SequenceChunk {
  // Of the executor's memory: page i holds the tokens [32 i, 32 i + 32) of the sequence. They hold
  // what lies before `position`, and take up the chunk.
  absl::Span<const int32_t> pages;
  absl::Span<const TokenId> tokens;
  int64_t position = 0;
  // Of the text as far as it is known, at least position + tokens.size(): some models turn
  // positions differently in long texts.
  int64_t sequence_length = 0;
  LogitsWanted logits = LogitsWanted::kLast;
};

// Not thread-safe; one call at a time.
class ModelExecutor {
 public:
  virtual ~ModelExecutor() = default;

  // Reads the chunks of several sequences, of any lengths, together. A row's logits do not depend
  // on the other sequences on the CPU; elsewhere up to rounding. RESOURCE_EXHAUSTED: out of memory.
  virtual absl::Status Run(absl::Span<const SequenceChunk> chunks) = 0;

  // The choice of the token after row `row` of the logits that the last Run() was asked for, in the
  // order of the chunks. INTERNAL if they are not finite.
  virtual absl::StatusOr<TokenId> Choose(int64_t row, Sampler& sampler) = 0;

  // Copies that row's logits to `out`, [vocab].
  virtual absl::Status CopyLogits(int64_t row, absl::Span<float> out) = 0;

  // Pages that there are.
  virtual int64_t pages() const = 0;
  virtual int64_t weight_bytes() const = 0;
  virtual int64_t cache_bytes() const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MODEL_EXECUTOR_H_
