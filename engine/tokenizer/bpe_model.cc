// A model of byte-pair encoding, over bytes or over characters.
#include "engine/tokenizer/bpe_model.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
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

BpeModel::BpeModel(VocabularyIds ids, BytePairMerges merges, BpeOptions options)
    : ids_(std::move(ids)), merges_(std::move(merges)), options_(std::move(options)) {
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

bool BpeModel::AppendBytes(std::string_view spelling, std::vector<TokenId>* symbols) const {
  const bool all_bytes = std::all_of(spelling.begin(), spelling.end(), [&](char byte) {
    return byte_tokens_[static_cast<uint8_t>(byte)] != kNone;
  });
  if (!all_bytes) return false;
  for (const char byte : spelling) symbols->push_back(byte_tokens_[static_cast<uint8_t>(byte)]);
  return true;
}

void BpeModel::AppendCharacters(std::string_view piece, std::vector<TokenId>* symbols) const {
  // As in `tokenizers`, an unknown token waits for the next unknown or known character, so that
  // bytes of a character between the two come first.
  bool unknown_waits = false;
  for (bool first = true; !piece.empty(); first = false) {
    const std::string_view character = piece.substr(0, NextUtf8(piece).bytes);
    piece.remove_prefix(character.size());
    std::string spelling = first ? "" : options_.continuing_prefix;
    spelling += character;
    if (piece.empty()) spelling += options_.end_suffix;
    const auto it = ids_.find(spelling);
    if (it != ids_.end()) {
      if (unknown_waits) symbols->push_back(*options_.unknown);
      unknown_waits = false;
      symbols->push_back(it->second);
      continue;
    }
    if (options_.byte_fallback && AppendBytes(spelling, symbols)) continue;
    if (!options_.unknown.has_value()) continue;
    if (unknown_waits && !options_.fuse_unknown) symbols->push_back(*options_.unknown);
    unknown_waits = true;
  }
  if (unknown_waits) symbols->push_back(*options_.unknown);
}

absl::Status BpeModel::Encode(std::string_view piece, std::vector<TokenId>* out) const {
  if (options_.ignore_merges && AppendWholeToken(piece, out)) return absl::OkStatus();
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
  RETURN_IF_ERROR(merges_.Apply(&symbols));
  out->insert(out->end(), symbols.begin(), symbols.end());
  return absl::OkStatus();
}

}  // namespace assay::engine
