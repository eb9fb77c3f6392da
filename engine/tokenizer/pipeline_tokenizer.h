// A tokenizer as a row of steps, whatever file it came from.
#ifndef ASSAY_ENGINE_TOKENIZER_PIPELINE_TOKENIZER_H_
#define ASSAY_ENGINE_TOKENIZER_PIPELINE_TOKENIZER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/normalizer.h"
#include "engine/tokenizer/pre_tokenizer.h"
#include "engine/tokenizer/token_model.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// How tokens turn back into text.
struct TokenDecoding {
  // Spelled in GPT-2's alphabet.
  bool byte_level = false;
  // "<0x0A>" is a byte.
  bool byte_fallback = false;
  // What stands for a space, where not empty.
  std::string space;
  // A space that a text begins with is not the text's own.
  bool strip_leading_space = false;
};

// What a file says of a tokenizer.
struct TokenizerParts {
  // By id; empty where there is no token.
  std::vector<std::string> spellings;
  std::vector<AddedToken> added;
  std::vector<NormalizerStep> normalizer;
  std::vector<PreTokenizerStep> pre_tokenizer;
  std::unique_ptr<TokenModel> model;
  TokenDecoding decoding;
  // Around every text.
  std::vector<TokenId> prefix;
  std::vector<TokenId> suffix;
  TokenId bos = -1;
  TokenId eos = -1;
  // Beside `eos`, and those special tokens that are known to end a turn.
  std::vector<TokenId> end_of_text;
};

class PipelineTokenizer final : public Tokenizer {
 public:
  // DATA_LOSS: an id out of range, too many added tokens or one that is too long.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Make(TokenizerParts parts);

  absl::StatusOr<std::vector<TokenId>> Encode(std::string_view text,
                                              const EncodeOptions& options) const override;
  std::string_view TokenBytes(TokenId id) const override;
  absl::StatusOr<std::string> Decode(absl::Span<const TokenId> ids,
                                     bool skip_special) const override;
  std::string_view kind() const override { return parts_.model->kind(); }
  int vocab_size() const override { return static_cast<int>(tokens_.size()); }
  bool IsSpecial(TokenId id) const override { return InRange(id) && tokens_[id].special; }
  bool IsEndOfText(TokenId id) const override { return end_of_text_.contains(id); }
  TokenId bos_id() const override { return parts_.bos; }
  TokenId eos_id() const override { return parts_.eos; }
  bool StripsLeadingSpace() const override { return parts_.decoding.strip_leading_space; }

 private:
  struct Token {
    std::string bytes;
    bool special = false;
    // A byte of a character that has no token.
    bool byte = false;
  };

  explicit PipelineTokenizer(TokenizerParts parts) : parts_(std::move(parts)) {}

  bool InRange(TokenId id) const { return id >= 0 && id < vocab_size(); }
  absl::Status CheckIds() const;
  absl::Status AddTokens();
  Token MakeToken(const std::string& spelling) const;
  absl::Status EncodePlain(std::string_view text, bool starts_text, bool with_special,
                           std::vector<TokenId>* out) const;

  TokenizerParts parts_;
  // Those looked for before the text is normalized, and after.
  AddedTokens raw_;
  AddedTokens normalized_;
  std::vector<Token> tokens_;
  absl::flat_hash_set<TokenId> end_of_text_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_PIPELINE_TOKENIZER_H_
