// Byte-level BPE (GPT-2's kind: SmolLM2, Llama 3, Qwen 2).
#ifndef ASSAY_ENGINE_TEXT_BYTE_LEVEL_TOKENIZER_H_
#define ASSAY_ENGINE_TEXT_BYTE_LEVEL_TOKENIZER_H_

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/text/byte_pair_merges.h"
#include "engine/text/pre_tokenizer.h"
#include "engine/text/special_tokens.h"
#include "engine/text/tokenizer.h"

namespace assay::engine {

// What a file says of a byte-level BPE tokenizer.
struct ByteLevelVocabulary {
  enum class Kind { kNormal, kControl, kUserDefined };
  struct Token {
    std::string spelling;
    Kind kind;
  };
  std::vector<Token> tokens;
  std::vector<std::string> merges;
  std::string pre_tokenizer;
  TokenId bos = -1;
  TokenId eos = -1;
  bool add_bos = false;
  bool add_eos = false;
};

// As Tokenizer. A byte that the vocabulary has no token for is dropped, as `tokenizers` does.
class ByteLevelTokenizer final : public Tokenizer {
 public:
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Make(const ByteLevelVocabulary& vocabulary);

  absl::StatusOr<std::vector<TokenId>> Encode(std::string_view text,
                                              const EncodeOptions& options) const override;
  std::string_view TokenBytes(TokenId id) const override;
  absl::StatusOr<std::string> Decode(absl::Span<const TokenId> ids,
                                     bool skip_special) const override;
  int vocab_size() const override { return static_cast<int>(tokens_.size()); }
  bool IsSpecial(TokenId id) const override { return InRange(id) && tokens_[id].special; }
  bool IsEndOfText(TokenId id) const override { return end_of_text_.contains(id); }
  TokenId bos_id() const override { return bos_; }
  TokenId eos_id() const override { return eos_; }

 private:
  struct Token {
    std::string bytes;
    bool special;
  };
  static constexpr size_t kBytes = 256;
  static constexpr TokenId kNone = -1;

  ByteLevelTokenizer(std::unique_ptr<PreTokenizer> pre_tokenizer, BytePairMerges merges)
      : pre_tokenizer_(std::move(pre_tokenizer)), merges_(std::move(merges)) {}

  bool InRange(TokenId id) const { return id >= 0 && id < vocab_size(); }
  void AddTokens(const ByteLevelVocabulary& vocabulary);
  absl::Status EncodePlain(std::string_view text, std::vector<TokenId>* out) const;

  std::unique_ptr<PreTokenizer> pre_tokenizer_;
  BytePairMerges merges_;
  std::vector<Token> tokens_;
  std::array<TokenId, kBytes> byte_tokens_ = {};
  SpecialTokens special_;
  absl::flat_hash_set<TokenId> end_of_text_;
  TokenId bos_ = kNone;
  TokenId eos_ = kNone;
  bool add_bos_ = false;
  bool add_eos_ = false;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_BYTE_LEVEL_TOKENIZER_H_
