// Byte-pair encoding, over bytes (GPT-2's kind) or over characters (SentencePiece's kind).
#ifndef ASSAY_ENGINE_TOKENIZER_BPE_MODEL_H_
#define ASSAY_ENGINE_TOKENIZER_BPE_MODEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/byte_pair_merges.h"
#include "engine/tokenizer/token_model.h"

namespace assay::engine {

using VocabularyIds = absl::flat_hash_map<std::string, TokenId>;

struct BpeOptions {
  // Pieces are bytes, spelled in GPT-2's alphabet in the vocabulary.
  bool byte_level = false;
  // A piece that is a token as a whole is not merged.
  bool ignore_merges = false;
  // Characters without a token: their bytes ("<0xE2>") if all have one, else `unknown`, else
  // nothing.
  bool byte_fallback = false;
  std::optional<TokenId> unknown;
  // Neighbouring unknown characters are one token.
  bool fuse_unknown = false;
};

class BpeModel : public TokenModel {
 public:
  BpeModel(VocabularyIds ids, BytePairMerges merges, const BpeOptions& options);

  void Encode(std::string_view piece, std::vector<TokenId>* out) const override;
  std::string_view kind() const override {
    return options_.byte_level ? "byte-level BPE" : "SentencePiece BPE";
  }

 private:
  static constexpr size_t kBytes = 256;
  static constexpr TokenId kNone = -1;

  bool IsWholeToken(std::string_view piece, std::vector<TokenId>* out) const;
  void AppendCharacters(std::string_view piece, std::vector<TokenId>* symbols) const;
  void AppendUnknown(std::string_view character, bool after_unknown,
                     std::vector<TokenId>* symbols) const;

  const VocabularyIds ids_;
  const BytePairMerges merges_;
  const BpeOptions options_;
  // Of each byte: its token in a byte-level vocabulary, else that of "<0xNN>".
  std::array<TokenId, kBytes> byte_tokens_ = {};
};

// "<0x0A>".
std::string ByteTokenSpelling(uint8_t byte);
// The byte of such a token.
std::optional<uint8_t> ByteOfToken(std::string_view spelling);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_BPE_MODEL_H_
