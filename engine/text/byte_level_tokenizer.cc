// Byte-level BPE.
#include "engine/text/byte_level_tokenizer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/text/byte_alphabet.h"
#include "engine/text/utf8.h"

namespace assay::engine {
namespace {

// Ends of a turn in the chat formats of these families, beside the file's own eos.
constexpr std::array<std::string_view, 5> kEndSpellings = {
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>"};

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> ByteLevelTokenizer::Make(
    const ByteLevelVocabulary& vocabulary) {
  absl::flat_hash_map<std::string, TokenId> ids;
  ids.reserve(vocabulary.tokens.size());
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    ids.try_emplace(vocabulary.tokens[i].spelling, static_cast<TokenId>(i));
  }
  absl::StatusOr<BytePairMerges> merges = BytePairMerges::Make(vocabulary.merges, ids);
  if (!merges.ok()) return merges.status();
  absl::StatusOr<std::unique_ptr<PreTokenizer>> pre_tokenizer =
      PreTokenizer::Make(vocabulary.pre_tokenizer);
  if (!pre_tokenizer.ok()) return pre_tokenizer.status();

  auto tokenizer = std::unique_ptr<ByteLevelTokenizer>(
      new ByteLevelTokenizer(*std::move(pre_tokenizer), *std::move(merges)));
  tokenizer->AddTokens(vocabulary);
  for (size_t byte = 0; byte < kBytes; ++byte) {
    const auto it = ids.find(SpellingOfByte(static_cast<uint8_t>(byte)));
    tokenizer->byte_tokens_[byte] = it == ids.end() ? kNone : it->second;
  }
  return tokenizer;
}

void ByteLevelTokenizer::AddTokens(const ByteLevelVocabulary& vocabulary) {
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const auto& [spelling, kind] = vocabulary.tokens[i];
    const auto id = static_cast<TokenId>(i);
    const bool control = kind == ByteLevelVocabulary::Kind::kControl;
    std::optional<std::string> bytes;
    if (kind == ByteLevelVocabulary::Kind::kNormal) bytes = BytesOfSpelling(spelling);
    tokens_.push_back({bytes.has_value() ? *std::move(bytes) : spelling, control});
    if (kind != ByteLevelVocabulary::Kind::kNormal) special_.Add(spelling, id, control);
    const bool ends =
        std::find(kEndSpellings.begin(), kEndSpellings.end(), spelling) != kEndSpellings.end();
    if (control && ends) end_of_text_.insert(id);
  }
  bos_ = vocabulary.bos;
  eos_ = vocabulary.eos;
  add_bos_ = vocabulary.add_bos && bos_ != kNone;
  add_eos_ = vocabulary.add_eos && eos_ != kNone;
  if (eos_ != kNone) end_of_text_.insert(eos_);
}

absl::Status ByteLevelTokenizer::EncodePlain(std::string_view text,
                                             std::vector<TokenId>* out) const {
  absl::StatusOr<std::vector<std::string_view>> pieces = pre_tokenizer_->Split(text);
  if (!pieces.ok()) return pieces.status();
  std::vector<TokenId> symbols;
  for (const std::string_view piece : *pieces) {
    symbols.clear();
    for (const char byte : piece) {
      const TokenId id = byte_tokens_[static_cast<uint8_t>(byte)];
      if (id != kNone) symbols.push_back(id);
    }
    merges_.Apply(&symbols);
    out->insert(out->end(), symbols.begin(), symbols.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TokenId>> ByteLevelTokenizer::Encode(
    std::string_view text, const EncodeOptions& options) const {
  if (const std::optional<size_t> bad = FindInvalidUtf8(text); bad.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("the text is not valid UTF-8 at byte ", *bad));
  }
  std::vector<TokenId> ids;
  if (options.add_special && add_bos_) ids.push_back(bos_);
  for (size_t at = 0; at < text.size();) {
    const auto found = special_.Find(text, at, options.parse_special);
    const size_t end = found.has_value() ? found->offset : text.size();
    if (end > at) {
      if (absl::Status s = EncodePlain(text.substr(at, end - at), &ids); !s.ok()) return s;
    }
    if (!found.has_value()) break;
    ids.push_back(found->id);
    at = found->offset + found->bytes;
  }
  if (options.add_special && add_eos_) ids.push_back(eos_);
  return ids;
}

std::string_view ByteLevelTokenizer::TokenBytes(TokenId id) const {
  return InRange(id) ? std::string_view(tokens_[id].bytes) : std::string_view();
}

absl::StatusOr<std::string> ByteLevelTokenizer::Decode(absl::Span<const TokenId> ids,
                                                       bool skip_special) const {
  std::string bytes;
  for (const TokenId id : ids) {
    if (!InRange(id)) {
      return absl::InvalidArgumentError(
          absl::StrCat("token id ", id, " is outside 0 to ", vocab_size() - 1));
    }
    if (skip_special && tokens_[id].special) continue;
    bytes += tokens_[id].bytes;
  }
  return ReplaceInvalidUtf8(bytes);
}

}  // namespace assay::engine
