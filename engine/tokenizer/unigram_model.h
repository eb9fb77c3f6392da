// Unigram segmentation (Kudo 2018, arXiv:1804.10959): the most probable sequence of tokens.
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
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/token_model.h"

namespace assay::engine {

// The unigram model as `tokenizers` implements it. The score of a character without a token is 10
// below that of the worst token. Adjacent unknown characters become one unknown token, or their
// bytes. Encoding takes O(piece * longest token). Immutable and thread-safe.
class UnigramModel : public TokenModel {
 public:
  struct Piece {
    std::string spelling;
    // The log probability.
    double score;
    // A piece that is not matched is no part of a segmentation: control tokens, for example.
    bool matched = true;
  };

  // Bounds the work of encoding.
  static constexpr size_t kMaxPieceBytes = 512;

  // Makes a model in which the index of a piece is its id. `unknown` is the token of unknown
  // characters; without it they are an error of Encode(). `single_precision` adds scores as
  // SentencePiece does, which decides between segmentations of almost equal scores. Returns
  // UNIMPLEMENTED for a piece of more than kMaxPieceBytes.
  static absl::StatusOr<std::unique_ptr<TokenModel>> Make(const std::vector<Piece>& pieces,
                                                          std::optional<TokenId> unknown,
                                                          bool byte_fallback,
                                                          bool single_precision = false);

  absl::Status Encode(std::string_view piece, std::vector<TokenId>* out) const override;
  std::string_view kind() const override { return "unigram"; }

 private:
  UnigramModel(const std::vector<Piece>& pieces, std::optional<TokenId> unknown, bool byte_fallback,
               bool single_precision);

  double Add(double a, double b) const {
    return single_precision_ ? static_cast<float>(a) + static_cast<float>(b) : a + b;
  }

  struct Entry {
    TokenId id;
    double score;
  };
  static constexpr size_t kBytes = 256;
  static constexpr TokenId kNone = -1;

  absl::Status AppendUnknown(std::string_view text, std::vector<TokenId>* out) const;

  absl::flat_hash_map<std::string, Entry> entries_;
  std::optional<TokenId> unknown_;
  bool byte_fallback_;
  bool single_precision_;
  double unknown_score_ = 0.0;
  // The length in bytes of the longest piece.
  size_t longest_ = 1;
  // The token "<0xNN>" of each byte, or kNone.
  std::array<TokenId, kBytes> byte_tokens_ = {};
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_UNIGRAM_MODEL_H_
