// Reads the model of a tokenizer.json.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/byte_pair_merges.h"
#include "engine/tokenizer/json_access.h"
#include "engine/tokenizer/tokenizer_components.h"
#include "engine/tokenizer/unigram_model.h"
#include "engine/tokenizer/word_models.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

absl::StatusOr<VocabularyIds> ReadVocabulary(const Json& object, TokenizerParts* out) {
  const Json* vocabulary = FindMember(object, "vocab");
  if (vocabulary == nullptr || !vocabulary->is_object()) {
    return WrongMember("model.vocab", "an object of ids");
  }
  VocabularyIds ids;
  ids.reserve(vocabulary->size());
  for (const auto& [spelling, id] : vocabulary->items()) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > kMaxTokenId) {
      return absl::DataLossError(absl::StrCat(
          "the token ", Quoted(spelling), " has an id that is not a number up to ", kMaxTokenId));
    }
    const auto index = id.get<size_t>();
    if (index >= vocabulary->size() + kMaxIdGap) {
      return absl::DataLossError(absl::StrCat("the token ", Quoted(spelling), " has the id ", index,
                                              ", far beyond the vocabulary of ", vocabulary->size(),
                                              " tokens"));
    }
    if (index >= out->spellings.size()) out->spellings.resize(index + 1);
    out->spellings[index] = spelling;
    ids[spelling] = static_cast<TokenId>(index);
  }
  return ids;
}

// Reads "left right" or ["left", "right"].
absl::StatusOr<BytePairMerges::Pair> ReadMerge(const Json& merge) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return BytePairMerges::Pair{merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  if (!merge.is_string()) return WrongMember("model.merges", "a list of pairs");
  const auto text = merge.get<std::string>();
  const size_t space = text.find(' ');
  return BytePairMerges::Pair{text.substr(0, space),
                              space == std::string::npos ? "" : text.substr(space + 1)};
}

absl::StatusOr<BytePairMerges> ReadMerges(const Json& object, const VocabularyIds& ids,
                                          size_t prefix_bytes) {
  const Json* merges = FindMember(object, "merges");
  if (merges == nullptr || !merges->is_array()) return WrongMember("model.merges", "a list");
  std::vector<BytePairMerges::Pair> pairs;
  pairs.reserve(merges->size());
  for (const Json& merge : *merges) {
    ASSIGN_OR_RETURN(BytePairMerges::Pair pair, ReadMerge(merge));
    pairs.push_back(std::move(pair));
  }
  return BytePairMerges::Make(pairs, ids, prefix_bytes);
}

// Returns "" if the member is absent.
absl::StatusOr<std::string> OptionalString(const Json& object, const char* key) {
  return FindMember(object, key) == nullptr ? std::string() : StringMember(object, key);
}

absl::Status ReadBpe(const Json& object, TokenizerParts* out) {
  ASSIGN_OR_RETURN(VocabularyIds ids, ReadVocabulary(object, out));
  BpeOptions options;
  ASSIGN_OR_RETURN(options.continuing_prefix, OptionalString(object, "continuing_subword_prefix"));
  ASSIGN_OR_RETURN(options.end_suffix, OptionalString(object, "end_of_word_suffix"));
  ASSIGN_OR_RETURN(BytePairMerges merges,
                   ReadMerges(object, ids, options.continuing_prefix.size()));
  ASSIGN_OR_RETURN(options.ignore_merges, BoolMember(object, "ignore_merges", false));
  ASSIGN_OR_RETURN(options.byte_fallback, BoolMember(object, "byte_fallback", false));
  ASSIGN_OR_RETURN(options.fuse_unknown, BoolMember(object, "fuse_unk", false));
  ASSIGN_OR_RETURN(const std::string unknown, OptionalString(object, "unk_token"));
  const auto it = ids.find(unknown);
  if (it != ids.end()) options.unknown = it->second;
  // A byte without a token is left out if there is no unknown token.
  const bool plain = options.continuing_prefix.empty() && options.end_suffix.empty() &&
                     !options.byte_fallback && !options.unknown.has_value();
  options.byte_level = plain && MakePiecesBytes(&out->pre_tokenizer);
  out->model = std::make_unique<BpeModel>(std::move(ids), std::move(merges), std::move(options));
  return absl::OkStatus();
}

absl::Status ReadWordPiece(const Json& object, TokenizerParts* out) {
  WordPieceOptions options;
  if (FindMember(object, "unk_token") != nullptr) {
    ASSIGN_OR_RETURN(options.unknown, StringMember(object, "unk_token"));
  }
  if (FindMember(object, "continuing_subword_prefix") != nullptr) {
    ASSIGN_OR_RETURN(options.continuing_prefix, StringMember(object, "continuing_subword_prefix"));
  }
  if (FindMember(object, "max_input_chars_per_word") != nullptr) {
    ASSIGN_OR_RETURN(const int64_t max, IntMember(object, "max_input_chars_per_word", INT64_MAX));
    options.max_word_characters = static_cast<size_t>(max);
  }
  ASSIGN_OR_RETURN(VocabularyIds ids, ReadVocabulary(object, out));
  ASSIGN_OR_RETURN(out->model, WordPieceModel::Make(std::move(ids), std::move(options)));
  return absl::OkStatus();
}

absl::Status ReadWordLevel(const Json& object, TokenizerParts* out) {
  ASSIGN_OR_RETURN(VocabularyIds ids, ReadVocabulary(object, out));
  std::string unknown = "<unk>";
  if (FindMember(object, "unk_token") != nullptr) {
    ASSIGN_OR_RETURN(unknown, StringMember(object, "unk_token"));
  }
  out->model = std::make_unique<WordLevelModel>(std::move(ids), std::move(unknown));
  return absl::OkStatus();
}

absl::Status ReadUnigram(const Json& object, TokenizerParts* out) {
  const Json* vocabulary = FindMember(object, "vocab");
  if (vocabulary == nullptr || !vocabulary->is_array() || vocabulary->size() > kMaxTokenId) {
    return WrongMember("model.vocab", "a list of pairs");
  }
  std::vector<UnigramModel::Piece> pieces;
  for (const Json& pair : *vocabulary) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_number()) {
      return WrongMember("model.vocab", "a list of pairs of a token and its score");
    }
    pieces.push_back({pair[0].get<std::string>(), pair[1].get<double>()});
    out->spellings.push_back(pieces.back().spelling);
  }
  std::optional<TokenId> unknown;
  if (FindMember(object, "unk_id") != nullptr) {
    ASSIGN_OR_RETURN(const int64_t id,
                     IntMember(object, "unk_id", static_cast<int64_t>(pieces.size()) - 1));
    unknown = static_cast<TokenId>(id);
  }
  ASSIGN_OR_RETURN(const bool fallback, BoolMember(object, "byte_fallback", false));
  ASSIGN_OR_RETURN(std::unique_ptr<TokenModel> model,
                   UnigramModel::Make(pieces, unknown, fallback));
  out->model = std::move(model);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadTokenModel(const Json& object, TokenizerParts* out) {
  if (FindMember(object, "type") == nullptr) {
    // Files from before `tokenizers` 0.9 omit the type, and the members tell it.
    const Json* vocabulary = FindMember(object, "vocab");
    if (vocabulary != nullptr && vocabulary->is_array()) return ReadUnigram(object, out);
    if (FindMember(object, "merges") != nullptr) return ReadBpe(object, out);
    if (FindMember(object, "continuing_subword_prefix") != nullptr) {
      return ReadWordPiece(object, out);
    }
    return ReadWordLevel(object, out);
  }
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "BPE") return ReadBpe(object, out);
  if (type == "Unigram") return ReadUnigram(object, out);
  if (type == "WordPiece") return ReadWordPiece(object, out);
  if (type == "WordLevel") return ReadWordLevel(object, out);
  return absl::UnimplementedError(
      absl::StrCat("tokenizer model ", Quoted(type),
                   " is not supported; supported: BPE, Unigram, WordPiece, WordLevel"));
}

}  // namespace assay::engine
