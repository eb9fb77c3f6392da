// A model of byte-pair encoding, over bytes or over characters.
#include "engine/tokenizer/bpe_model.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/utf8.h"
#include "engine/tokenizer/byte_alphabet.h"

namespace assay::engine {

std::string ByteTokenSpelling(uint8_t byte) { return absl::StrFormat("<0x%02X>", byte); }

std::optional<uint8_t> ParseByteToken(std::string_view spelling) {
  constexpr size_t kBytes = 6;
  if (spelling.size() != kBytes || !spelling.starts_with("<0x") || spelling.back() != '>') {
    return std::nullopt;
  }
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const size_t high = kDigits.find(spelling[3]);
  const size_t low = kDigits.find(spelling[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<uint8_t>(high * kDigits.size() + low);
}

BpeModel::BpeModel(VocabularyIds ids, BytePairMerges merges, const BpeOptions& options)
    : ids_(std::move(ids)), merges_(std::move(merges)), options_(options) {
  for (size_t i = 0; i < kBytes; ++i) {
    const auto byte = static_cast<uint8_t>(i);
    const auto it =
        ids_.find(options_.byte_level ? EncodeByteLevel(std::string(1, static_cast<char>(byte)))
                                      : ByteTokenSpelling(byte));
    byte_tokens_[i] = it == ids_.end() ? kNone : it->second;
  }
}

bool BpeModel::AppendWholeToken(std::string_view piece, std::vector<TokenId>* out) const {
  const auto it = ids_.find(options_.byte_level ? EncodeByteLevel(piece) : std::string(piece));
  if (it == ids_.end()) return false;
  out->push_back(it->second);
  return true;
}

void BpeModel::AppendUnknown(std::string_view character, bool after_unknown,
                             std::vector<TokenId>* symbols) const {
  bool all_bytes = options_.byte_fallback;
  for (const char byte : character) {
    all_bytes = all_bytes && byte_tokens_[static_cast<uint8_t>(byte)] != kNone;
  }
  if (all_bytes) {
    for (const char byte : character) symbols->push_back(byte_tokens_[static_cast<uint8_t>(byte)]);
  } else if (options_.unknown.has_value() && !(after_unknown && options_.fuse_unknown)) {
    symbols->push_back(*options_.unknown);
  }
}

void BpeModel::AppendCharacters(std::string_view piece, std::vector<TokenId>* symbols) const {
  bool after_unknown = false;
  while (!piece.empty()) {
    const std::string_view character = piece.substr(0, NextUtf8(piece).bytes);
    piece.remove_prefix(character.size());
    const auto it = ids_.find(std::string(character));
    if (it != ids_.end()) {
      symbols->push_back(it->second);
      after_unknown = false;
      continue;
    }
    const size_t before = symbols->size();
    AppendUnknown(character, after_unknown, symbols);
    after_unknown = symbols->size() == before || symbols->back() == options_.unknown;
  }
}

void BpeModel::Encode(std::string_view piece, std::vector<TokenId>* out) const {
  if (options_.ignore_merges && AppendWholeToken(piece, out)) return;
  std::vector<TokenId> symbols;
  symbols.reserve(piece.size());
  if (options_.byte_level) {
    for (const char byte : piece) {
      const TokenId id = byte_tokens_[static_cast<uint8_t>(byte)];
      if (id != kNone) symbols.push_back(id);
    }
  } else {
    AppendCharacters(piece, &symbols);
  }
  merges_.Apply(&symbols);
  out->insert(out->end(), symbols.begin(), symbols.end());
}

}  // namespace assay::engine
