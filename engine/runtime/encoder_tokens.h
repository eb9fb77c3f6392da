// Encodes texts to the tokens of an encoder. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_ENCODER_TOKENS_H_
#define ASSAY_ENGINE_RUNTIME_ENCODER_TOKENS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The tokens of one text, [CLS] first and [SEP] last.
struct EncodedText {
  std::vector<TokenId> tokens;
  bool truncated = false;
};

// The tokenizer of an encoder. Immutable and thread-safe.
class EncoderTokens {
 public:
  // Reads the tokenizer of a model folder. `vocab` is the number of rows of the embedding.
  // DATA_LOSS: the folder has no tokenizer, or it does not put one token before and one after a
  // text. Otherwise the errors of MakeTokenizerFromFolder().
  static absl::StatusOr<std::unique_ptr<EncoderTokens>> Make(const std::string& folder,
                                                             int64_t vocab, int64_t max_tokens);

  // Encodes a text and truncates it to max_tokens. INVALID_ARGUMENT: the text is not UTF-8, or a
  // token has no embedding.
  absl::StatusOr<EncodedText> Encode(const std::string& text) const;

 private:
  EncoderTokens(std::unique_ptr<Tokenizer> tokenizer, TokenId first, TokenId last, int64_t vocab,
                int64_t max_tokens);

  const std::unique_ptr<Tokenizer> tokenizer_;
  const TokenId first_;
  const TokenId last_;
  const int64_t vocab_;
  const int64_t max_tokens_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_ENCODER_TOKENS_H_
