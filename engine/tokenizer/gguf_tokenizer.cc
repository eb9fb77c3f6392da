// Makes a tokenizer from GGUF metadata. The keys are documented at
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
#include "engine/tokenizer/gguf_tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/byte_pair_merges.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unigram_model.h"

namespace assay::engine {
namespace {

constexpr size_t kMaxVocabulary = size_t{1} << 22;
constexpr char kSpaceMark[] = "\xE2\x96\x81";

// The values of tokenizer.ggml.token_type.
enum TokenType : int64_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<int64_t> types;
  // Empty if the file has none.
  std::vector<double> scores;
};

absl::Status SizeMismatch(const GgufFile& file, const char* key, size_t size, size_t tokens) {
  return absl::DataLossError(
      absl::StrCat(file.path(), ": ", key, " has ", size, " entries for ", tokens, " tokens"));
}

// Turns NOT_FOUND into DATA_LOSS for a key that every tokenizer needs.
template <typename T>
absl::StatusOr<T> Required(absl::StatusOr<T> value) {
  if (absl::IsNotFound(value.status())) return absl::DataLossError(value.status().message());
  return value;
}

absl::StatusOr<Vocabulary> ReadVocabulary(const GgufFile& file) {
  constexpr char kTypes[] = "tokenizer.ggml.token_type";
  constexpr char kScores[] = "tokenizer.ggml.scores";
  ASSIGN_OR_RETURN(const auto tokens, Required(file.GetStrings("tokenizer.ggml.tokens")));
  Vocabulary out{.tokens = *tokens};
  const size_t size = out.tokens.size();
  if (size == 0 || size > kMaxVocabulary) {
    return absl::DataLossError(
        absl::StrCat(file.path(), ": tokenizer.ggml.tokens has ", size, " entries"));
  }
  out.types.assign(size, kNormal);
  if (file.HasKey(kTypes)) {
    ASSIGN_OR_RETURN(std::vector<int64_t> types, file.GetInts(kTypes));
    if (types.size() != size) return SizeMismatch(file, kTypes, types.size(), size);
    out.types = std::move(types);
  }
  for (size_t i = 0; i < size; ++i) {
    if (out.types[i] < kNormal || out.types[i] > kByte) {
      return absl::DataLossError(absl::StrCat(file.path(), ": ", kTypes, "[", i,
                                              "] has the unknown value ", out.types[i]));
    }
    if (out.types[i] != kByte || ParseByteToken(out.tokens[i]).has_value()) continue;
    return absl::DataLossError(absl::StrCat(file.path(), ": token ", i, " is ",
                                            Quoted(out.tokens[i]), ", but its type (", kTypes,
                                            ") is byte: such tokens are <0x00> to <0xFF>"));
  }
  if (file.HasKey(kScores)) {
    ASSIGN_OR_RETURN(std::vector<double> scores, file.GetFloats(kScores));
    if (scores.size() != size) return SizeMismatch(file, kScores, scores.size(), size);
    out.scores = std::move(scores);
  }
  return out;
}

// Returns -1 if the file lacks the key.
absl::StatusOr<TokenId> ReadId(const GgufFile& file, const char* key, size_t vocabulary) {
  if (!file.HasKey(key)) return TokenId{-1};
  ASSIGN_OR_RETURN(int64_t id, file.GetInt(key, 0, static_cast<int64_t>(vocabulary) - 1));
  return static_cast<TokenId>(id);
}

absl::StatusOr<bool> ReadFlag(const GgufFile& file, const char* key, bool fallback) {
  return file.HasKey(key) ? file.GetBool(key) : fallback;
}

// Reads the variables of chat templates. "seperator" is the spelling of GGUF's specification.
absl::Status ReadTemplateTokens(const GgufFile& file, TokenizerParts* out) {
  constexpr std::pair<const char*, const char*> kKeys[] = {
      {"bos_token", "tokenizer.ggml.bos_token_id"},
      {"eos_token", "tokenizer.ggml.eos_token_id"},
      {"unk_token", "tokenizer.ggml.unknown_token_id"},
      {"sep_token", "tokenizer.ggml.seperator_token_id"},
      {"sep_token", "tokenizer.ggml.separator_token_id"},
      {"pad_token", "tokenizer.ggml.padding_token_id"},
      {"cls_token", "tokenizer.ggml.cls_token_id"},
      {"mask_token", "tokenizer.ggml.mask_token_id"}};
  for (const auto& [name, key] : kKeys) {
    ASSIGN_OR_RETURN(const TokenId id, ReadId(file, key, out->spellings.size()));
    const bool known = !out->template_tokens.empty() && out->template_tokens.back().first == name;
    if (id == -1 || known) continue;
    out->template_tokens.emplace_back(name, out->spellings[static_cast<size_t>(id)]);
  }
  return absl::OkStatus();
}

// `add_bos` is the default of tokenizer.ggml.add_bos_token.
absl::Status ReadSpecialIds(const GgufFile& file, bool add_bos, TokenizerParts* out) {
  const size_t size = out->spellings.size();
  ASSIGN_OR_RETURN(const TokenId bos, ReadId(file, "tokenizer.ggml.bos_token_id", size));
  ASSIGN_OR_RETURN(const TokenId eos, ReadId(file, "tokenizer.ggml.eos_token_id", size));
  ASSIGN_OR_RETURN(const TokenId eot, ReadId(file, "tokenizer.ggml.eot_token_id", size));
  ASSIGN_OR_RETURN(const bool with_bos, ReadFlag(file, "tokenizer.ggml.add_bos_token", add_bos));
  ASSIGN_OR_RETURN(const bool with_eos, ReadFlag(file, "tokenizer.ggml.add_eos_token", false));
  out->bos = bos;
  out->eos = eos;
  if (eot != -1) out->end_of_text.push_back(eot);
  if (with_bos && out->bos != -1) out->prefix.push_back(out->bos);
  if (with_eos && out->eos != -1) out->suffix.push_back(out->eos);
  return ReadTemplateTokens(file, out);
}

void AddSpecialTokens(const Vocabulary& vocabulary, TokenizerParts* out) {
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const int64_t type = vocabulary.types[i];
    if (type != kControl && type != kUserDefined && type != kUnknown) continue;
    out->added.push_back({.content = vocabulary.tokens[i],
                          .id = static_cast<TokenId>(i),
                          .special = type != kUserDefined});
  }
}

VocabularyIds IndexTokens(const Vocabulary& vocabulary) {
  VocabularyIds ids;
  ids.reserve(vocabulary.tokens.size());
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    ids.try_emplace(vocabulary.tokens[i], static_cast<TokenId>(i));
  }
  return ids;
}

// True for the pre-tokenizers of Llama 3 and its relatives. Besides the pattern, llama.cpp and
// `tokenizers` have two rules for them: pieces that are whole tokens are not merged, and a text
// begins with BOS by default.
bool IsLlama3Kind(std::string_view pre) {
  return pre == "llama-bpe" || pre == "llama-v3" || pre == "llama3" || pre == "falcon3" ||
         pre == "pixtral" || pre == "lfm2" || pre == "midm-2.0" || pre == "tekken";
}
// True for the pre-tokenizers whose tokenizer.json normalizes to NFC: those of Qwen and its
// derivatives, of GPT-NeoX (also in OLMo and MPT) and of Cohere.
bool NormalizesToNfc(std::string_view pre) {
  return pre == "qwen2" || pre == "deepseek-r1-qwen" || pre == "stablelm2" || pre == "olmo" ||
         pre == "mpt" || pre == "command-r";
}

absl::Status ReadByteLevel(const GgufFile& file, const std::string& pre_tokenizer,
                           const Vocabulary& vocabulary, TokenizerParts* out) {
  std::string pre = pre_tokenizer;
  if (pre.empty() && file.HasKey("tokenizer.ggml.pre")) {
    ASSIGN_OR_RETURN(std::string named, file.GetString("tokenizer.ggml.pre"));
    pre = std::move(named);
  }
  if (pre.empty()) pre = "default";
  ASSIGN_OR_RETURN(std::vector<PreTokenizerStep> steps, NamedPreTokenizer(pre));
  ASSIGN_OR_RETURN(const auto merges, Required(file.GetStrings("tokenizer.ggml.merges")));
  VocabularyIds ids = IndexTokens(vocabulary);
  absl::StatusOr<BytePairMerges> ranked = BytePairMerges::Make(*merges, ids);
  if (!ranked.ok()) {
    return {ranked.status().code(), absl::StrCat("tokenizer.ggml.", ranked.status().message())};
  }
  out->pre_tokenizer = std::move(steps);
  if (NormalizesToNfc(pre)) out->normalizer.emplace_back(UnicodeForm::kNfc);
  out->decoding.byte_level = true;
  out->model = std::make_unique<BpeModel>(
      std::move(ids), *std::move(ranked),
      BpeOptions{.byte_level = true, .ignore_merges = IsLlama3Kind(pre)});
  return ReadSpecialIds(file, /*add_bos=*/IsLlama3Kind(pre), out);
}

std::optional<TokenId> FindUnknown(const Vocabulary& vocabulary) {
  const auto it = std::find(vocabulary.types.begin(), vocabulary.types.end(), kUnknown);
  if (it == vocabulary.types.end()) return std::nullopt;
  return static_cast<TokenId>(it - vocabulary.types.begin());
}

absl::Status ReadSentencePiece(const GgufFile& file, bool unigram, const Vocabulary& vocabulary,
                               TokenizerParts* out) {
  if (vocabulary.scores.empty()) {
    return absl::DataLossError("tokenizer.ggml.scores is missing");
  }
  if (file.HasKey("tokenizer.ggml.precompiled_charsmap")) {
    return absl::UnimplementedError(
        "tokenizer.ggml.precompiled_charsmap (a normalization table) is not supported");
  }
  ASSIGN_OR_RETURN(const bool prefix, ReadFlag(file, "tokenizer.ggml.add_space_prefix", true));
  ASSIGN_OR_RETURN(unicode::Regex space, unicode::Regex::Literal(" "));
  if (prefix) out->normalizer.emplace_back(Prepend{kSpaceMark});
  out->normalizer.emplace_back(Replace{std::move(space), kSpaceMark});
  out->decoding = {.byte_fallback = true, .space = kSpaceMark, .strip_leading_space = prefix};
  const std::optional<TokenId> unknown = FindUnknown(vocabulary);
  if (unigram) {
    std::vector<UnigramModel::Piece> pieces;
    pieces.reserve(vocabulary.tokens.size());
    for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
      pieces.push_back({vocabulary.tokens[i], vocabulary.scores[i]});
    }
    ASSIGN_OR_RETURN(std::unique_ptr<TokenModel> model,
                     UnigramModel::Make(pieces, unknown, /*byte_fallback=*/true));
    out->model = std::move(model);
  } else {
    VocabularyIds ids = IndexTokens(vocabulary);
    ASSIGN_OR_RETURN(BytePairMerges merges,
                     BytePairMerges::FromScores(vocabulary.tokens, vocabulary.scores, ids));
    out->model = std::make_unique<BpeModel>(
        std::move(ids), std::move(merges),
        BpeOptions{.byte_fallback = true, .unknown = unknown, .fuse_unknown = true});
  }
  return ReadSpecialIds(file, /*add_bos=*/!unigram, out);
}

absl::Status ReadModel(const GgufFile& file, const std::string& pre_tokenizer,
                       const Vocabulary& vocabulary, TokenizerParts* out) {
  ASSIGN_OR_RETURN(const std::string model, Required(file.GetString("tokenizer.ggml.model")));
  if (model == "gpt2") return ReadByteLevel(file, pre_tokenizer, vocabulary, out);
  if (model == "llama") return ReadSentencePiece(file, /*unigram=*/false, vocabulary, out);
  if (model == "t5") return ReadSentencePiece(file, /*unigram=*/true, vocabulary, out);
  return absl::UnimplementedError(absl::StrCat("tokenizer model ", Quoted(model),
                                               " is not supported; supported: gpt2, llama, t5"));
}

}  // namespace

absl::StatusOr<TokenizerParts> ReadGgufTokenizer(const GgufFile& file,
                                                 const std::string& pre_tokenizer) {
  ASSIGN_OR_RETURN(const Vocabulary vocabulary, ReadVocabulary(file));
  TokenizerParts parts;
  parts.spellings = vocabulary.tokens;
  AddSpecialTokens(vocabulary, &parts);
  absl::Status status = ReadModel(file, pre_tokenizer, vocabulary, &parts);
  if (status.ok()) return parts;
  // The errors of GgufFile already have the path.
  if (absl::StrContains(status.message(), file.path())) return status;
  return Annotate(status, file.path());
}

absl::StatusOr<std::unique_ptr<Tokenizer>> MakeTokenizer(const GgufFile& file) {
  ASSIGN_OR_RETURN(TokenizerParts parts, ReadGgufTokenizer(file));
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = PipelineTokenizer::Make(std::move(parts));
  if (tokenizer.ok()) return tokenizer;
  return Annotate(tokenizer.status(), file.path());
}

}  // namespace assay::engine
