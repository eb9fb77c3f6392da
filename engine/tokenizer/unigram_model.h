// Unigram segmentation (Kudo 2018, arXiv:1804.10959): the most probable row of tokens.
#ifndef ASSAY_ENGINE_TOKENIZER_UNIGRAM_MODEL_H_
#define ASSAY_ENGINE_TOKENIZER_UNIGRAM_MODEL_H_

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/token_model.h"

namespace assay::engine {

// As `tokenizers` does it: a character without a token costs 10 more than the worst token, and
// neighbouring ones are one unknown token, or their bytes. O(piece * longest token).
class UnigramModel : public TokenModel {
 public:
  struct Piece {
    std::string spelling;
    double score;
  };

  // Bounds the work on a text.
  static constexpr size_t kLongestPiece = 512;

  // The index of a piece is its id. unknown: what stands for unknown characters; without it they
  // are left out. UNIMPLEMENTED names a piece of more than kLongestPiece bytes.
  static absl::StatusOr<std::unique_ptr<TokenModel>> Make(const std::vector<Piece>& pieces,
                                                          std::optional<TokenId> unknown,
                                                          bool byte_fallback);

  void Encode(std::string_view piece, std::vector<TokenId>* out) const override;
  std::string_view kind() const override { return "unigram"; }

 private:
  UnigramModel(const std::vector<Piece>& pieces, std::optional<TokenId> unknown,
               bool byte_fallback);

  struct Entry {
    TokenId id;
    double score;
  };
  static constexpr size_t kBytes = 256;
  static constexpr TokenId kNone = -1;

  void AppendUnknown(std::string_view text, std::vector<TokenId>* out) const;

  absl::flat_hash_map<std::string, Entry> entries_;
  std::optional<TokenId> unknown_;
  bool byte_fallback_;
  double unknown_score_ = 0.0;
  size_t longest_ = 1;
  std::array<TokenId, kBytes> byte_tokens_ = {};
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_UNIGRAM_MODEL_H_
