// A tokenizer as a pipeline of steps, independent of the file format it came from.
#ifndef ASSAY_ENGINE_TOKENIZER_PIPELINE_TOKENIZER_H_
#define ASSAY_ENGINE_TOKENIZER_PIPELINE_TOKENIZER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/text_marks.h"
#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/normalizer.h"
#include "engine/tokenizer/pre_tokenizer.h"
#include "engine/tokenizer/special_guard.h"
#include "engine/tokenizer/token_decoder.h"
#include "engine/tokenizer/token_model.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The description of a tokenizer, as read from a file.
struct TokenizerParts {
  // The spelling of each token, by id; empty for an unused id.
  std::vector<std::string> spellings;
  std::vector<AddedToken> added;
  // Special tokens are never found in a text, even where they are parsed.
  bool split_special_tokens = false;
  std::vector<NormalizerStep> normalizer;
  std::vector<PreTokenizerStep> pre_tokenizer;
  std::unique_ptr<TokenModel> model;
  // How tokens are converted back to text.
  std::vector<DecoderStep> decoder;
  // Decode() removes the space before punctuation and English contractions (" n't").
  bool clean_up_spaces = false;
  // The tokens before and after every text.
  std::vector<TokenId> prefix;
  std::vector<TokenId> suffix;
  TokenId bos = -1;
  TokenId eos = -1;
  // Further tokens that end a turn or a text, besides `eos`.
  std::vector<TokenId> end_of_text;
  // The variables of chat templates, such as "bos_token", with the spelling of each token.
  std::vector<std::pair<std::string, std::string>> template_tokens;
};

// Encodes in this order: added tokens of the raw text, normalizer, added tokens of the normalized
// text, pre-tokenizer, model. Immutable and thread-safe.
class PipelineTokenizer final : public Tokenizer {
 public:
  // Returns DATA_LOSS for an id out of range, for more than 262,144 added tokens and for an added
  // token of more than 1024 bytes.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Make(TokenizerParts parts);

  absl::StatusOr<std::vector<TokenId>> Encode(std::string_view text,
                                              const EncodeOptions& options) const override;
  SpecialGuard MakeGuard(std::string_view also) const override;
  std::string_view TokenBytes(TokenId id) const override;
  absl::StatusOr<std::string> Decode(absl::Span<const TokenId> ids,
                                     bool skip_special) const override;
  std::string_view kind() const override { return parts_.model->kind(); }
  int vocab_size() const override { return static_cast<int>(tokens_.size()); }
  bool IsSpecial(TokenId id) const override { return InRange(id) && tokens_[id].special; }
  bool IsEndOfText(TokenId id) const override { return end_of_text_.contains(id); }
  TokenId bos_id() const override { return parts_.bos; }
  TokenId eos_id() const override { return parts_.eos; }
  const std::vector<std::pair<std::string, std::string>>& template_tokens() const override {
    return parts_.template_tokens;
  }
  bool StripsLeadingSpace() const override { return strips_leading_space_; }

 private:
  struct Token {
    std::string bytes;
    bool special = false;
    // Decode() leaves the token out with the special tokens.
    bool skipped = false;
  };

  explicit PipelineTokenizer(TokenizerParts parts) : parts_(std::move(parts)) {}

  bool InRange(TokenId id) const { return id >= 0 && id < vocab_size(); }
  absl::Status CheckIds() const;
  absl::Status AddTokens();
  // Adds a token that is matched against the normalized text to `normalized`.
  absl::Status AddNormalized(AddedToken token, std::vector<AddedToken>* normalized);
  // Returns the normalized text, and where the barriers of `text` are in it.
  absl::StatusOr<MarkedText> NormalizeAround(std::string_view text,
                                             absl::Span<const size_t> barriers,
                                             bool* keeps_start) const;
  // Appends the tokens of a text without added tokens that are matched before normalization.
  absl::Status EncodePlain(std::string_view text, bool starts_text, const EncodeOptions& options,
                           std::vector<TokenId>* out) const;

  TokenizerParts parts_;
  // The added tokens that are matched before normalization, and after it.
  AddedTokens raw_;
  AddedTokens normalized_;
  std::vector<Token> tokens_;
  bool strips_leading_space_ = false;
  absl::flat_hash_set<TokenId> end_of_text_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_PIPELINE_TOKENIZER_H_
