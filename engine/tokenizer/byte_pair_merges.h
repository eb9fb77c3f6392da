// Byte-pair encoding of one piece of text.
#ifndef ASSAY_ENGINE_TOKENIZER_BYTE_PAIR_MERGES_H_
#define ASSAY_ENGINE_TOKENIZER_BYTE_PAIR_MERGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The learned merges of a vocabulary (Sennrich et al. 2016, as tokenizers' BPE applies them: the
// merge of the lowest rank first, the leftmost of equal ones). Immutable, thread-safe.
class BytePairMerges {
 public:
  using Pair = std::pair<std::string, std::string>;

  // merges: best first, in the vocabulary's spelling. DATA_LOSS names a merge whose parts or result
  // the vocabulary lacks; in the form "left right" also one that is not two words.
  static absl::StatusOr<BytePairMerges> Make(
      const std::vector<Pair>& merges, const absl::flat_hash_map<std::string, TokenId>& vocabulary);
  static absl::StatusOr<BytePairMerges> Make(
      const std::vector<std::string>& merges,
      const absl::flat_hash_map<std::string, TokenId>& vocabulary);

  // Each token is looked at in every two parts: what that costs grows with the square of its
  // length, and is bounded for one and for all. Those of 256,000 real tokens have squares of some
  // 2^25.
  static constexpr size_t kLongestToken = 512;
  static constexpr size_t kMaxSquares = size_t{1} << 30;

  // As SentencePiece's BPE: any two neighbours that make a token merge, that of the highest score
  // first. UNIMPLEMENTED: a token of more than kLongestToken bytes, or too many long ones.
  static absl::StatusOr<BytePairMerges> FromScores(
      const std::vector<std::string>& tokens, const std::vector<double>& scores,
      const absl::flat_hash_map<std::string, TokenId>& vocabulary);

  // Merges in place until no merge applies. O(n log n).
  void Apply(std::vector<TokenId>* symbols) const;

 private:
  struct Merge {
    int32_t rank;
    TokenId result;
  };

  absl::flat_hash_map<std::pair<TokenId, TokenId>, Merge> merges_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_BYTE_PAIR_MERGES_H_
