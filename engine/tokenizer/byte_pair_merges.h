// The merges of byte-pair encoding.
#ifndef ASSAY_ENGINE_TOKENIZER_BYTE_PAIR_MERGES_H_
#define ASSAY_ENGINE_TOKENIZER_BYTE_PAIR_MERGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The learned merges of a vocabulary (Sennrich et al. 2016, arXiv:1508.07909). They apply as in
// the BPE model of `tokenizers`: the merge of the lowest rank first, and of equal ranks the
// leftmost. Immutable and thread-safe.
class BytePairMerges {
 public:
  using Pair = std::pair<std::string, std::string>;

  // Makes merges from a list that begins with the best one, in the spelling of the vocabulary. The
  // second form reads "left right". Returns DATA_LOSS for a merge that is not a pair, or whose
  // parts or result the vocabulary lacks. The result lacks the first `prefix_bytes` of the right
  // part, which mark a piece that continues a word.
  static absl::StatusOr<BytePairMerges> Make(
      const std::vector<Pair>& merges, const absl::flat_hash_map<std::string, TokenId>& vocabulary,
      size_t prefix_bytes = 0);
  static absl::StatusOr<BytePairMerges> Make(
      const std::vector<std::string>& merges,
      const absl::flat_hash_map<std::string, TokenId>& vocabulary);

  // FromScores() splits each token at every position. The cost grows with the square of a token's
  // length, so both the length and the sum of the squares are limited. The sum for 256,000 tokens
  // of a real vocabulary is about 2^25.
  static constexpr size_t kMaxTokenBytes = 512;
  static constexpr size_t kMaxSquaredBytes = size_t{1} << 28;

  // Makes the merges of SentencePiece's BPE, in which any two adjacent tokens that form a token
  // merge, and the result with the highest score merges first. Returns UNIMPLEMENTED for a token
  // of more than kMaxTokenBytes and for squares that sum to more than kMaxSquaredBytes.
  static absl::StatusOr<BytePairMerges> FromScores(
      const std::vector<std::string>& tokens, const std::vector<double>& scores,
      const absl::flat_hash_map<std::string, TokenId>& vocabulary);

  // Merges `symbols` in place until no merge applies, in O(n log n). Errors as WorkLimit::Check().
  absl::Status Apply(std::vector<TokenId>* symbols) const;

 private:
  struct Merge {
    int32_t rank;
    TokenId result;
  };

  absl::flat_hash_map<std::pair<TokenId, TokenId>, Merge> merges_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_BYTE_PAIR_MERGES_H_
