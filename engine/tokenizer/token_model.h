// The learned part of a tokenizer, which converts a piece of text to tokens.
#ifndef ASSAY_ENGINE_TOKENIZER_TOKEN_MODEL_H_
#define ASSAY_ENGINE_TOKENIZER_TOKEN_MODEL_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Implementations are immutable and thread-safe.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  // Appends the tokens of `piece` to `out`. The piece is valid UTF-8; a byte-level model accepts
  // any bytes. Returns INVALID_ARGUMENT if a part of the piece has no token and the vocabulary has
  // no token for unknown parts.
  virtual absl::Status Encode(std::string_view piece, std::vector<TokenId>* out) const = 0;
  // The kind of the model for display, such as "byte-level BPE".
  virtual std::string_view kind() const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_TOKEN_MODEL_H_
