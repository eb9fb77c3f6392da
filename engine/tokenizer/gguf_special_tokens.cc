// Reads the special tokens of a GGUF file by the conventions of llama.cpp (src/llama-vocab.cpp).
#include "engine/tokenizer/gguf_special_tokens.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "engine/tokenizer/end_of_turn.h"

namespace assay::engine {
namespace {

using Type = GgufTokenType;
using Ends = std::vector<std::pair<TokenId, std::string_view>>;

absl::StatusOr<bool> ReadFlag(const GgufFile& file, const char* key, bool fallback) {
  return file.HasKey(key) ? file.GetBool(key) : fallback;
}

absl::StatusOr<std::string> ReadName(const GgufFile& file, const char* key) {
  return file.HasKey(key) ? file.GetString(key) : std::string();
}

// Reads the variables of chat templates. "seperator" is the spelling of GGUF's specification.
absl::Status ReadTemplateTokens(const GgufFile& file, const GgufSpecialDefaults& defaults,
                                TokenizerParts* out) {
  struct Named {
    const char* name;
    const char* key;
    TokenId fallback;
  };
  const Named named[] = {{"bos_token", "tokenizer.ggml.bos_token_id", defaults.bos},
                         {"eos_token", "tokenizer.ggml.eos_token_id", defaults.eos},
                         {"unk_token", "tokenizer.ggml.unknown_token_id", defaults.unknown},
                         {"sep_token", "tokenizer.ggml.seperator_token_id", -1},
                         {"sep_token", "tokenizer.ggml.separator_token_id", defaults.separator},
                         {"pad_token", "tokenizer.ggml.padding_token_id", defaults.padding},
                         {"cls_token", "tokenizer.ggml.cls_token_id", -1},
                         {"mask_token", "tokenizer.ggml.mask_token_id", defaults.mask}};
  for (const auto& [name, key, fallback] : named) {
    ASSIGN_OR_RETURN(const TokenId id, ReadGgufTokenId(file, key, fallback, out->spellings.size()));
    const bool known = !out->template_tokens.empty() && out->template_tokens.back().first == name;
    if (id == -1 || known) continue;
    out->template_tokens.emplace_back(name, out->spellings[static_cast<size_t>(id)]);
  }
  return absl::OkStatus();
}

absl::Status ReadTokensAround(const GgufFile& file, const GgufSpecialDefaults& defaults,
                              TokenizerParts* out) {
  const size_t size = out->spellings.size();
  ASSIGN_OR_RETURN(out->bos,
                   ReadGgufTokenId(file, "tokenizer.ggml.bos_token_id", defaults.bos, size));
  ASSIGN_OR_RETURN(out->eos,
                   ReadGgufTokenId(file, "tokenizer.ggml.eos_token_id", defaults.eos, size));
  ASSIGN_OR_RETURN(const bool bos,
                   ReadFlag(file, "tokenizer.ggml.add_bos_token", defaults.add_bos));
  ASSIGN_OR_RETURN(const bool eos,
                   ReadFlag(file, "tokenizer.ggml.add_eos_token", defaults.add_eos));
  if (bos && out->bos != -1) out->prefix.push_back(out->bos);
  if (eos && out->eos != -1) out->suffix.push_back(out->eos);
  return absl::OkStatus();
}

// Finds the tokens of fill-in-the-middle and makes them control tokens.
absl::Status FindFillInMiddle(const GgufFile& file,
                              const absl::flat_hash_map<std::string_view, TokenId>& ids,
                              GgufVocabulary* vocabulary, Ends* ends) {
  for (const FillInMiddleToken& kind : FillInMiddleTokens()) {
    TokenId id = -1;
    for (const char* key : kind.gguf_keys) {
      ASSIGN_OR_RETURN(id, ReadGgufTokenId(file, key, id, vocabulary->tokens.size()));
    }
    for (const std::string_view spelling : kind.spellings) {
      const auto found = ids.find(spelling);
      if (id != -1 || found == ids.end()) continue;
      id = found->second;
      vocabulary->types[static_cast<size_t>(id)] = Type::kControl;
    }
    if (id == -1 || !kind.ends_text) continue;
    ends->emplace_back(id, vocabulary->tokens[static_cast<size_t>(id)]);
  }
  return absl::OkStatus();
}

// Finds the tokens that end a text and corrects the types of tokens that are known by spelling.
absl::Status FindKnownTokens(const GgufFile& file, GgufVocabulary* vocabulary,
                             TokenizerParts* out) {
  absl::flat_hash_map<std::string_view, TokenId> ids;
  ids.reserve(vocabulary->tokens.size());
  for (size_t i = 0; i < vocabulary->tokens.size(); ++i) {
    ids.try_emplace(vocabulary->tokens[i], static_cast<TokenId>(i));
  }
  Ends ends;
  RETURN_IF_ERROR(FindFillInMiddle(file, ids, vocabulary, &ends));
  for (const auto& [spelling, id] : ids) {
    if (EndsTurn(spelling)) ends.emplace_back(id, spelling);
  }
  const Ends all = ends;
  RemoveTokensWithinTurns(&ends);
  for (const auto& end : all) {
    if (!EndsTurn(end.second)) continue;
    const bool ends_turn = std::find(ends.begin(), ends.end(), end) != ends.end();
    vocabulary->types[static_cast<size_t>(end.first)] = ends_turn              ? Type::kControl
                                                        : end.second == "</s>" ? Type::kNormal
                                                                               : Type::kUserDefined;
  }
  // The marks of gpt-oss are text that a client sees.
  for (const char* spelling : {"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"}) {
    const auto found = ids.find(spelling);
    if (found == ids.end()) continue;
    vocabulary->types[static_cast<size_t>(found->second)] = Type::kUserDefined;
  }
  for (const auto& end : ends) out->end_of_text.push_back(end.first);
  for (const char* key : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    ASSIGN_OR_RETURN(const TokenId id, ReadGgufTokenId(file, key, -1, vocabulary->tokens.size()));
    if (id != -1) out->end_of_text.push_back(id);
  }
  return absl::OkStatus();
}

// GGUF files do not record which whitespace a token strips. As in llama.cpp, the names of the model
// and of the pre-tokenizer decide.
absl::Status SetStrippedSpaces(const GgufFile& file, const std::string& pre_tokenizer,
                               std::vector<AddedToken>* added) {
  ASSIGN_OR_RETURN(const std::string name, ReadName(file, "general.name"));
  ASSIGN_OR_RETURN(const std::string architecture, ReadName(file, "general.architecture"));
  const std::string model = absl::AsciiStrToLower(name);
  const auto strip_left = [&](std::string_view spelling) {
    for (AddedToken& token : *added) token.strip_left |= token.content == spelling;
  };
  if (absl::StrContains(pre_tokenizer, "jina-v2-") ||
      absl::StrContains(architecture, "jina-bert-v3") ||
      absl::StrContains(architecture, "nomic-bert-moe")) {
    strip_left("<mask>");
  } else if (absl::StrContains(model, "phi-3") || absl::StrContains(model, "phi3")) {
    for (AddedToken& token : *added) {
      token.strip_right =
          token.content != "<unk>" && token.content != "<s>" && token.content != "<|endoftext|>";
    }
  } else if (absl::StrContains(model, "modern-bert")) {
    strip_left("[MASK]");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TokenId> ReadGgufTokenId(const GgufFile& file, const char* key, TokenId fallback,
                                        size_t vocabulary_size) {
  const auto in_range = [&](int64_t id) {
    return id >= 0 && static_cast<uint64_t>(id) < vocabulary_size;
  };
  if (!in_range(fallback)) fallback = -1;
  if (!file.HasKey(key)) return fallback;
  ASSIGN_OR_RETURN(const int64_t id, file.GetInt(key, std::numeric_limits<int64_t>::min(),
                                                 std::numeric_limits<int64_t>::max()));
  return in_range(id) ? static_cast<TokenId>(id) : fallback;
}

absl::Status ReadGgufSpecialTokens(const GgufFile& file, const GgufSpecialDefaults& defaults,
                                   const std::string& pre_tokenizer, GgufVocabulary vocabulary,
                                   TokenizerParts* out) {
  RETURN_IF_ERROR(ReadTokensAround(file, defaults, out));
  RETURN_IF_ERROR(ReadTemplateTokens(file, defaults, out));
  RETURN_IF_ERROR(FindKnownTokens(file, &vocabulary, out));
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const Type type = vocabulary.types[i];
    if (type != Type::kControl && type != Type::kUserDefined && type != Type::kUnknown) continue;
    out->added.push_back({.content = std::move(vocabulary.tokens[i]),
                          .id = static_cast<TokenId>(i),
                          .special = type != Type::kUserDefined});
  }
  return SetStrippedSpaces(file, pre_tokenizer, &out->added);
}

}  // namespace assay::engine
