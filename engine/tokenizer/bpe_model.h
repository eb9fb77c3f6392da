// Byte-pair encoding, over bytes (as GPT-2) or over characters (as SentencePiece).
#ifndef ASSAY_ENGINE_TOKENIZER_BPE_MODEL_H_
#define ASSAY_ENGINE_TOKENIZER_BPE_MODEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "engine/tokenizer/byte_pair_merges.h"
#include "engine/tokenizer/token_model.h"

namespace assay::engine {

using VocabularyIds = absl::flat_hash_map<std::string, TokenId>;

struct BpeOptions {
  // Pieces are bytes. The vocabulary spells them in GPT-2's alphabet (byte_alphabet.h).
  bool byte_level = false;
  // A piece that is a token as a whole is not merged.
  bool ignore_merges = false;
  // A character without a token becomes its byte tokens ("<0xE2>") if the vocabulary has all of
  // them. Otherwise it becomes `unknown`, or nothing if there is no unknown token.
  bool byte_fallback = false;
  std::optional<TokenId> unknown;
  // Adjacent unknown characters become one token.
  bool fuse_unknown = false;
  // The spelling of every character but the first of a piece begins with the prefix, and that of
  // the last one ends with the suffix. Characters that continue a word have "##", for example.
  std::string continuing_prefix;
  std::string end_suffix;
};

// Immutable and thread-safe.
class BpeModel : public TokenModel {
 public:
  BpeModel(VocabularyIds ids, BytePairMerges merges, BpeOptions options);

  absl::Status Encode(std::string_view piece, std::vector<TokenId>* out) const override;
  std::string_view kind() const override {
    return options_.byte_level ? "byte-level BPE" : "SentencePiece BPE";
  }

 private:
  static constexpr size_t kBytes = 256;
  static constexpr TokenId kNone = -1;

  // Appends the token and returns true if the whole piece is a token.
  bool AppendWholeToken(std::string_view piece, std::vector<TokenId>* out) const;
  void AppendCharacters(std::string_view piece, std::vector<TokenId>* symbols) const;
  // Appends the byte tokens of `spelling` and returns true if the vocabulary has all of them.
  bool AppendBytes(std::string_view spelling, std::vector<TokenId>* symbols) const;

  const VocabularyIds ids_;
  const BytePairMerges merges_;
  const BpeOptions options_;
  // The token of each byte: in a byte-level vocabulary its own token, else "<0xNN>". kNone if the
  // vocabulary lacks it.
  std::array<TokenId, kBytes> byte_tokens_ = {};
};

// Returns the byte token's spelling, such as "<0x0A>".
std::string ByteTokenSpelling(uint8_t byte);
// Returns the byte of a byte token, or nullopt if `spelling` is not one.
std::optional<uint8_t> ParseByteToken(std::string_view spelling);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_BPE_MODEL_H_
