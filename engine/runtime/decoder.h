// What the generation loop needs of a model: tokens in, next token out.
#ifndef ASSAY_ENGINE_RUNTIME_DECODER_H_
#define ASSAY_ENGINE_RUNTIME_DECODER_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/runtime/sampling.h"
#include "engine/text/tokenizer.h"

namespace assay::engine {

// One sequence over a cache of what was read before. Not thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Positions in the cache.
  virtual int context_length() const = 0;

  // Tokens at positions [position, position + tokens.size()) of a text that is `text_length` tokens
  // long as far as it is known (some models turn positions differently in long texts).
  struct Chunk {
    absl::Span<const TokenId> tokens;
    int position;
    int text_length;
  };

  // Reads a chunk, which must lie in the context; the cache holds what lies before its position,
  // and forgets what lies behind.
  virtual absl::Status Read(const Chunk& chunk) = 0;

  // Read(), then the choice of the token after the last. INTERNAL if the logits are not finite.
  virtual absl::StatusOr<TokenId> ReadAndChoose(const Chunk& chunk, Sampler& sampler) = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_DECODER_H_
