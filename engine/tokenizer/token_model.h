// From a piece of text to tokens: what a tokenizer has learned.
#ifndef ASSAY_ENGINE_TOKENIZER_TOKEN_MODEL_H_
#define ASSAY_ENGINE_TOKENIZER_TOKEN_MODEL_H_

#include <string_view>
#include <vector>

#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Immutable, thread-safe.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  // Appends the tokens of a piece, which is valid UTF-8 (or bytes, for a byte-level model).
  virtual void Encode(std::string_view piece, std::vector<TokenId>* out) const = 0;
  // "byte-level BPE", for people.
  virtual std::string_view kind() const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_TOKEN_MODEL_H_
