// Models that look words up: WordPiece (BERT) and WordLevel.
#ifndef ASSAY_ENGINE_TOKENIZER_WORD_MODELS_H_
#define ASSAY_ENGINE_TOKENIZER_WORD_MODELS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/token_model.h"

namespace assay::engine {

struct WordPieceOptions {
  std::string unknown = "[UNK]";
  // The beginning of the spelling of pieces that continue a word.
  std::string continuing_prefix = "##";
  // A longer word is unknown.
  size_t max_word_characters = 100;
};

// Splits a word into the longest pieces, from left to right. A word that cannot be split is one
// unknown token. Immutable and thread-safe.
class WordPieceModel : public TokenModel {
 public:
  // Bounds the work of encoding.
  static constexpr size_t kMaxTokenBytes = 1024;

  // Returns UNIMPLEMENTED for a token of more than kMaxTokenBytes.
  static absl::StatusOr<std::unique_ptr<TokenModel>> Make(VocabularyIds ids,
                                                          WordPieceOptions options);

  absl::Status Encode(std::string_view piece, std::vector<TokenId>* out) const override;
  std::string_view kind() const override { return "WordPiece"; }

 private:
  WordPieceModel(VocabularyIds ids, WordPieceOptions options);

  // Returns the length in bytes of the longest token at the beginning of `rest`, and its id. The
  // length is 0 if there is none.
  size_t FindLongest(std::string_view rest, bool continues, TokenId* id) const;
  absl::Status AppendUnknown(std::vector<TokenId>* out) const;

  const VocabularyIds ids_;
  const WordPieceOptions options_;
  // The length in bytes of the longest token.
  size_t longest_ = 0;
};

// A word is a token as a whole, or unknown. Immutable and thread-safe.
class WordLevelModel : public TokenModel {
 public:
  WordLevelModel(VocabularyIds ids, std::string unknown);

  absl::Status Encode(std::string_view piece, std::vector<TokenId>* out) const override;
  std::string_view kind() const override { return "WordLevel"; }

 private:
  const VocabularyIds ids_;
  const std::string unknown_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_WORD_MODELS_H_
