// Makes the parts of a tokenizer from a SentencePiece model.
#include "engine/tokenizer/sentencepiece_tokenizer.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/byte_pair_merges.h"
#include "engine/tokenizer/unigram_model.h"

namespace assay::engine {
namespace {

using Model = SentencePieceProto::Model;
using Type = SentencePieceProto::Type;

// True for the pieces that are found in a text.
bool IsMatched(const SentencePieceProto::Piece& piece) {
  return piece.type == Type::kNormal || piece.type == Type::kUserDefined;
}

// BPE, or characters without merges.
absl::Status ReadBpe(const SentencePieceProto& proto, std::optional<TokenId> unknown,
                     TokenizerParts* out) {
  std::vector<std::string> tokens;
  std::vector<double> scores;
  VocabularyIds matched;
  for (const SentencePieceProto::Piece& piece : proto.pieces) {
    if (IsMatched(piece)) matched.try_emplace(piece.spelling, static_cast<TokenId>(tokens.size()));
    // An empty token has no merges.
    tokens.push_back(IsMatched(piece) && proto.model == Model::kBpe ? piece.spelling : "");
    scores.push_back(piece.score);
  }
  ASSIGN_OR_RETURN(BytePairMerges merges, BytePairMerges::FromScores(tokens, scores, matched));
  // Bytes are found by their spelling, which no character has.
  for (size_t i = 0; i < proto.pieces.size(); ++i) {
    if (proto.pieces[i].type != Type::kByte) continue;
    matched.try_emplace(proto.pieces[i].spelling, static_cast<TokenId>(i));
  }
  out->model = std::make_unique<BpeModel>(
      std::move(matched), std::move(merges),
      BpeOptions{.byte_fallback = proto.byte_fallback, .unknown = unknown, .fuse_unknown = true});
  return absl::OkStatus();
}

absl::Status ReadUnigram(const SentencePieceProto& proto, std::optional<TokenId> unknown,
                         TokenizerParts* out) {
  std::vector<UnigramModel::Piece> pieces;
  pieces.reserve(proto.pieces.size());
  for (const SentencePieceProto::Piece& piece : proto.pieces) {
    pieces.push_back({piece.spelling, piece.score, IsMatched(piece)});
  }
  ASSIGN_OR_RETURN(out->model, UnigramModel::Make(pieces, unknown, proto.byte_fallback,
                                                  /*single_precision=*/true));
  return absl::OkStatus();
}

absl::Status AddDecoder(const SentencePieceProto& proto, TokenizerParts* out) {
  constexpr char kMark[] = "\xE2\x96\x81";
  if (proto.escape_spaces) {
    ASSIGN_OR_RETURN(unicode::Regex mark, unicode::Regex::Literal(kMark));
    out->decoder.emplace_back(ReplaceTokenStep{std::move(mark), " ", kMark});
  }
  out->decoder.emplace_back(DecodeByteFallbackStep{});
  out->decoder.emplace_back(FuseStep{});
  if (!proto.add_dummy_prefix) return absl::OkStatus();
  const bool suffix = proto.space_as_suffix;
  out->decoder.emplace_back(
      StripTokenStep{.content = " ", .start = suffix ? 0U : 1U, .stop = suffix ? 1U : 0U});
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadSentencePieceModel(const SentencePieceProto& proto, TokenizerParts* out) {
  const auto size = static_cast<TokenId>(proto.pieces.size());
  if (proto.unknown >= size) {
    return absl::DataLossError(absl::StrCat("trainer_spec.unk_id is ", proto.unknown,
                                            ", outside the vocabulary of ", size, " pieces"));
  }
  SentencePieceRules rules{.remove_extra_spaces = proto.remove_extra_spaces,
                           .add_dummy_prefix = proto.add_dummy_prefix,
                           .space_as_suffix = proto.space_as_suffix,
                           .escape_spaces = proto.escape_spaces};
  if (!proto.chars_map.empty()) {
    ASSIGN_OR_RETURN(rules.map, CharsMap::Parse(proto.chars_map));
  }
  out->normalizer.emplace_back(std::move(rules));
  RETURN_IF_ERROR(AddDecoder(proto, out));
  for (const SentencePieceProto::Piece& piece : proto.pieces) {
    out->spellings.push_back(piece.spelling);
  }
  const std::optional<TokenId> unknown =
      proto.unknown < 0 ? std::nullopt : std::optional<TokenId>(proto.unknown);
  switch (proto.model) {
    case Model::kUnigram:
      return ReadUnigram(proto, unknown, out);
    case Model::kBpe:
    case Model::kChar:
      return ReadBpe(proto, unknown, out);
    default:
      return absl::UnimplementedError(
          absl::StrCat("trainer_spec.model_type ", static_cast<int64_t>(proto.model),
                       " is not supported; supported: UNIGRAM, BPE, CHAR"));
  }
}

nlohmann::json SentencePieceNames(const SentencePieceProto& proto) {
  const std::pair<const char*, TokenId> named[] = {
      {"bos_token", proto.bos}, {"eos_token", proto.eos}, {"unk_token", proto.unknown}};
  nlohmann::json names = nlohmann::json::object();
  for (const auto& [name, id] : named) {
    if (id < 0 || static_cast<size_t>(id) >= proto.pieces.size()) continue;
    names[name] = proto.pieces[static_cast<size_t>(id)].spelling;
  }
  return names;
}

}  // namespace assay::engine
