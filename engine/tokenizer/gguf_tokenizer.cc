// Makes a tokenizer from GGUF metadata. The keys are documented at
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
#include "engine/tokenizer/gguf_tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <limits>
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
#include "engine/tokenizer/gguf_special_tokens.h"
#include "engine/tokenizer/gguf_vocabulary.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unigram_model.h"
#include "engine/tokenizer/word_models.h"

namespace assay::engine {
namespace {

constexpr char kSpaceMark[] = "\xE2\x96\x81";

// Turns NOT_FOUND into DATA_LOSS for a key that every tokenizer needs.
template <typename T>
absl::StatusOr<T> Required(absl::StatusOr<T> value) {
  if (absl::IsNotFound(value.status())) return absl::DataLossError(value.status().message());
  return value;
}

absl::StatusOr<bool> ReadFlag(const GgufFile& file, const char* key, bool fallback) {
  return file.HasKey(key) ? file.GetBool(key) : fallback;
}

VocabularyIds IndexTokens(const GgufVocabulary& vocabulary) {
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
         pre == "pixtral" || pre == "lfm2" || pre == "midm-2.0" || pre == "tekken" ||
         pre == "falcon-h1" || pre == "jina-v5-nano";
}
// True for the pre-tokenizers whose tokenizer.json normalizes to NFC: those of Qwen and its
// derivatives, of GPT-NeoX (also in OLMo and MPT) and of Cohere.
bool NormalizesToNfc(std::string_view pre) {
  return pre == "qwen2" || pre == "deepseek-r1-qwen" || pre == "stablelm2" || pre == "olmo" ||
         pre == "mpt" || pre == "command-r";
}

absl::Status ReadByteLevel(const GgufFile& file, const std::string& pre,
                           const GgufVocabulary& vocabulary, TokenizerParts* out) {
  ASSIGN_OR_RETURN(std::vector<PreTokenizerStep> steps, NamedPreTokenizer(pre));
  ASSIGN_OR_RETURN(const auto merges, Required(file.GetStrings("tokenizer.ggml.merges")));
  VocabularyIds ids = IndexTokens(vocabulary);
  absl::StatusOr<BytePairMerges> ranked = BytePairMerges::Make(merges, ids);
  if (!ranked.ok()) {
    return {ranked.status().code(), absl::StrCat("tokenizer.ggml.", ranked.status().message())};
  }
  out->pre_tokenizer = std::move(steps);
  if (NormalizesToNfc(pre)) out->normalizer.emplace_back(UnicodeForm::kNfc);
  out->decoder.emplace_back(DecodeByteLevelStep{});
  out->model = std::make_unique<BpeModel>(
      std::move(ids), *std::move(ranked),
      BpeOptions{.byte_level = true, .ignore_merges = IsLlama3Kind(pre)});
  // llama.cpp's defaults of bos and eos are the token 11, which is a comma for GPT-2: a file
  // without the keys has no such tokens here.
  return ReadGgufSpecialTokens(file, {.add_bos = IsLlama3Kind(pre)}, pre, vocabulary, out);
}

absl::StatusOr<std::optional<TokenId>> FindUnknown(const GgufFile& file,
                                                   const GgufVocabulary& vocabulary,
                                                   TokenId fallback) {
  const auto it =
      std::find(vocabulary.types.begin(), vocabulary.types.end(), GgufTokenType::kUnknown);
  if (it != vocabulary.types.end()) return static_cast<TokenId>(it - vocabulary.types.begin());
  ASSIGN_OR_RETURN(const TokenId id, ReadGgufTokenId(file, "tokenizer.ggml.unknown_token_id",
                                                     fallback, vocabulary.tokens.size()));
  return id == -1 ? std::nullopt : std::optional<TokenId>(id);
}

// Adds the steps that decode the mark of a space. `prefix` removes it at the beginning of a text.
absl::Status AddSpaceDecoder(bool prefix, TokenizerParts* out) {
  ASSIGN_OR_RETURN(unicode::Regex mark, unicode::Regex::Literal(kSpaceMark));
  out->decoder.emplace_back(ReplaceTokenStep{std::move(mark), " ", kSpaceMark});
  out->decoder.emplace_back(DecodeByteFallbackStep{});
  out->decoder.emplace_back(FuseStep{});
  if (prefix) out->decoder.emplace_back(StripTokenStep{.content = " ", .start = 1});
  return absl::OkStatus();
}

// SentencePiece's BPE.
absl::Status ReadLlama(const GgufFile& file, const GgufVocabulary& vocabulary,
                       TokenizerParts* out) {
  ASSIGN_OR_RETURN(const bool prefix, ReadFlag(file, "tokenizer.ggml.add_space_prefix", true));
  ASSIGN_OR_RETURN(unicode::Regex space, unicode::Regex::Literal(" "));
  if (prefix) out->normalizer.emplace_back(Prepend{kSpaceMark});
  out->normalizer.emplace_back(Replace{std::move(space), kSpaceMark});
  RETURN_IF_ERROR(AddSpaceDecoder(prefix, out));
  ASSIGN_OR_RETURN(const auto unknown, FindUnknown(file, vocabulary, 0));
  VocabularyIds ids = IndexTokens(vocabulary);
  ASSIGN_OR_RETURN(BytePairMerges merges,
                   BytePairMerges::FromScores(vocabulary.tokens, vocabulary.scores, ids));
  out->model = std::make_unique<BpeModel>(
      std::move(ids), std::move(merges),
      BpeOptions{.byte_fallback = true, .unknown = unknown, .fuse_unknown = true});
  return ReadGgufSpecialTokens(file, {.bos = 1, .eos = 2, .unknown = 0, .add_bos = true}, "",
                               vocabulary, out);
}

// Returns an empty table if the file has none.
absl::StatusOr<CharsMap> ReadCharsMap(const GgufFile& file) {
  constexpr char kKey[] = "tokenizer.ggml.precompiled_charsmap";
  if (!file.HasKey(kKey)) return CharsMap();
  ASSIGN_OR_RETURN(const std::vector<int64_t> numbers, file.GetInts(kKey));
  std::string bytes;
  bytes.reserve(numbers.size());
  for (const int64_t number : numbers) bytes += static_cast<char>(number);
  return CharsMap::Parse(bytes);
}

// SentencePiece's unigram model.
absl::Status ReadT5(const GgufFile& file, const GgufVocabulary& vocabulary, TokenizerParts* out) {
  SentencePieceRules rules;
  ASSIGN_OR_RETURN(rules.map, ReadCharsMap(file));
  ASSIGN_OR_RETURN(rules.add_dummy_prefix,
                   ReadFlag(file, "tokenizer.ggml.add_space_prefix", false));
  ASSIGN_OR_RETURN(rules.remove_extra_spaces,
                   ReadFlag(file, "tokenizer.ggml.remove_extra_whitespaces", false));
  RETURN_IF_ERROR(AddSpaceDecoder(rules.add_dummy_prefix, out));
  out->normalizer.emplace_back(std::move(rules));
  ASSIGN_OR_RETURN(const auto unknown, FindUnknown(file, vocabulary, 2));
  std::vector<UnigramModel::Piece> pieces;
  pieces.reserve(vocabulary.tokens.size());
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const GgufTokenType type = vocabulary.types[i];
    pieces.push_back({vocabulary.tokens[i], vocabulary.scores[i],
                      type == GgufTokenType::kNormal || type == GgufTokenType::kUserDefined ||
                          type == GgufTokenType::kUnused});
  }
  ASSIGN_OR_RETURN(out->model, UnigramModel::Make(pieces, unknown, /*byte_fallback=*/true));
  return ReadGgufSpecialTokens(file, {.eos = 1, .unknown = 2, .padding = 0, .add_eos = true}, "",
                               vocabulary, out);
}

// WordPiece. The vocabulary has a mark before the pieces that begin a word, and nothing before the
// others.
absl::Status ReadBert(const GgufFile& file, const GgufVocabulary& vocabulary, TokenizerParts* out) {
  constexpr GgufSpecialDefaults kDefaults = {
      .bos = 101, .unknown = 100, .separator = 102, .padding = 0, .mask = 103, .add_bos = true};
  BertRules rules;
  ASSIGN_OR_RETURN(rules.lowercase, ReadFlag(file, "tokenizer.ggml.normalizer.lowercase", true));
  ASSIGN_OR_RETURN(rules.strip_accents,
                   ReadFlag(file, "tokenizer.ggml.normalizer.strip_accents", rules.lowercase));
  out->normalizer.emplace_back(rules);
  RETURN_IF_ERROR(AddBertPreTokenizer(&out->pre_tokenizer));
  out->pre_tokenizer.emplace_back(MetaspaceStep{.replacement = kSpaceMark, .split = false});
  RETURN_IF_ERROR(AddSpaceDecoder(/*prefix=*/true, out));
  ASSIGN_OR_RETURN(const auto unknown, FindUnknown(file, vocabulary, kDefaults.unknown));
  WordPieceOptions options{.continuing_prefix = "",
                           .max_word_characters = std::numeric_limits<size_t>::max()};
  if (unknown.has_value()) options.unknown = vocabulary.tokens[static_cast<size_t>(*unknown)];
  ASSIGN_OR_RETURN(out->model, WordPieceModel::Make(IndexTokens(vocabulary), std::move(options)));
  RETURN_IF_ERROR(ReadGgufSpecialTokens(file, kDefaults, "", vocabulary, out));
  ASSIGN_OR_RETURN(const TokenId separator,
                   ReadGgufTokenId(file, "tokenizer.ggml.seperator_token_id", kDefaults.separator,
                                   vocabulary.tokens.size()));
  if (separator != -1) out->suffix.push_back(separator);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadPreTokenizerName(const GgufFile& file) {
  if (!file.HasKey("tokenizer.ggml.pre")) return "default";
  ASSIGN_OR_RETURN(std::string name, file.GetString("tokenizer.ggml.pre"));
  return name.empty() ? "default" : name;
}

absl::Status ReadModel(const GgufFile& file, const std::string& pre_tokenizer,
                       const GgufVocabulary& vocabulary, TokenizerParts* out) {
  ASSIGN_OR_RETURN(const std::string model, Required(file.GetString("tokenizer.ggml.model")));
  if (model == "gpt2") {
    ASSIGN_OR_RETURN(const std::string named, ReadPreTokenizerName(file));
    return ReadByteLevel(file, pre_tokenizer.empty() ? named : pre_tokenizer, vocabulary, out);
  }
  if (model == "llama") return ReadLlama(file, vocabulary, out);
  if (model == "t5") return ReadT5(file, vocabulary, out);
  if (model == "bert") return ReadBert(file, vocabulary, out);
  return absl::UnimplementedError(absl::StrCat(
      "tokenizer model ", Quoted(model), " is not supported; supported: gpt2, llama, t5, bert"));
}

}  // namespace

absl::StatusOr<TokenizerParts> ReadGgufTokenizer(const GgufFile& file,
                                                 const std::string& pre_tokenizer) {
  ASSIGN_OR_RETURN(const GgufVocabulary vocabulary, ReadGgufVocabulary(file));
  TokenizerParts parts;
  parts.spellings = vocabulary.tokens;
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
