// Reads the special tokens of a Hugging Face folder, as transformers 5 does.
#include "engine/tokenizer/special_token_files.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "engine/tokenizer/config_tokens.h"
#include "engine/tokenizer/end_of_turn.h"
#include "engine/tokenizer/json_access.h"
#include "engine/tokenizer/tokenizer_components.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxConfigBytes = 16 << 20;

// Reads a file, or returns an empty object if it does not exist.
absl::StatusOr<Json> ReadConfig(const std::filesystem::path& folder, const char* name) {
  absl::StatusOr<Json> json = ReadJsonFile((folder / name).string(), kMaxConfigBytes);
  if (absl::IsNotFound(json.status())) return Json::object();
  return json;
}

// As in transformers 5, special_tokens_map.json overrides tokenizer_config.json if that lacks
// "added_tokens_decoder", and is ignored otherwise.
absl::StatusOr<Json> ReadTokenizerConfig(const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const Json config, ReadConfig(folder, "tokenizer_config.json"));
  ASSIGN_OR_RETURN(const Json map, ReadConfig(folder, "special_tokens_map.json"));
  if (config.contains("added_tokens_decoder")) return config;
  Json merged = config;
  merged.update(map);
  // The model's own tokens are not overridden.
  for (const auto& [key, value] : config.items()) {
    if (IsModelToken(key) && value.is_string()) merged[key] = value;
  }
  return merged;
}

// Reads one id or a list of ids. Ids out of range are left out.
std::vector<TokenId> ReadIds(const Json& config, const char* key) {
  std::vector<TokenId> ids;
  const Json* value = FindMember(config, key);
  if (value == nullptr) return ids;
  for (const Json& id : value->is_array() ? *value : Json::array({*value})) {
    if (id.is_number_unsigned() && id.get<uint64_t>() <= static_cast<uint64_t>(kMaxTokenId)) {
      ids.push_back(id.get<TokenId>());
    }
  }
  return ids;
}

// Reads the ids of the model's own configuration. Their tokens are not variables of templates.
absl::Status ReadModelConfigs(const std::filesystem::path& folder, TokenizerParts* parts) {
  for (const char* name : {"config.json", "generation_config.json"}) {
    ASSIGN_OR_RETURN(const Json json, ReadConfig(folder, name));
    const auto size = static_cast<TokenId>(parts->spellings.size());
    for (const TokenId id : ReadIds(json, "eos_token_id")) {
      if (id >= size) continue;
      parts->end_of_text.push_back(id);
      if (parts->eos == -1) parts->eos = id;
    }
    const std::vector<TokenId> bos = ReadIds(json, "bos_token_id");
    if (parts->bos == -1 && !bos.empty() && bos.front() < size) parts->bos = bos.front();
  }
  return absl::OkStatus();
}

bool IsTrue(const Json& config, const char* key) {
  const Json* value = FindMember(config, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

// Applies the settings of the tokenizer's class, which a tokenizer.json has itself.
void ApplyClass(const Json& config, TokenizerParts* parts) {
  const Json* name = FindMember(config, "tokenizer_class");
  const std::string kind = name != nullptr && name->is_string() ? name->get<std::string>() : "";
  const bool add_eos = IsTrue(config, "add_eos_token") || kind.starts_with("T5Tokenizer");
  if (IsTrue(config, "add_bos_token") && parts->bos != -1) parts->prefix = {parts->bos};
  if (add_eos && parts->eos != -1) parts->suffix = {parts->eos};
  // Llama's "legacy" behavior puts a space after every special token.
  const bool first_only = kind.starts_with("LlamaTokenizer") && !IsTrue(config, "legacy");
  for (NormalizerStep& step : parts->normalizer) {
    if (auto* rules = std::get_if<SentencePieceRules>(&step)) rules->prefix_first_only = first_only;
  }
}

// Adds the special tokens that are known to end a turn. Many chat models name only the end of a
// text in their files.
void FindEndsOfTurn(TokenizerParts* parts) {
  std::vector<std::pair<TokenId, std::string_view>> ends;
  for (const AddedToken& token : parts->added) {
    if (token.special && EndsTurn(token.content)) ends.emplace_back(token.id, token.content);
  }
  RemoveTokensWithinTurns(&ends);
  for (const auto& end : ends) parts->end_of_text.push_back(end.first);
}

}  // namespace

absl::Status ReadSpecialTokenFiles(const std::filesystem::path& folder,
                                   const TokenizerOrigin& origin, TokenizerParts* parts,
                                   AddedTokenList* added) {
  ASSIGN_OR_RETURN(const Json files, ReadTokenizerConfig(folder));
  Json config = origin.names;
  config.update(files);
  ASSIGN_OR_RETURN(const Json legacy, ReadConfig(folder, "added_tokens.json"));
  const absl::StatusOr<std::vector<NamedToken>> named = AddConfigTokens(config, legacy, added);
  if (!named.ok()) {
    return Annotate(named.status(), (folder / "tokenizer_config.json").string());
  }
  for (const auto& [name, token] : *named) {
    parts->template_tokens.emplace_back(name, token.content);
    if (name == "bos_token") parts->bos = added->IdOf(token.content);
    if (name == "eos_token") parts->eos = added->IdOf(token.content);
  }
  if (!origin.is_tokenizer_json) ApplyClass(config, parts);
  parts->split_special_tokens = IsTrue(config, "split_special_tokens");
  // As in transformers 5, BPE ignores the setting, which would remove spaces of the text.
  parts->clean_up_spaces =
      IsTrue(config, "clean_up_tokenization_spaces") && !parts->model->kind().ends_with("BPE");
  RETURN_IF_ERROR(ReadModelConfigs(folder, parts));
  FindEndsOfTurn(parts);
  return absl::OkStatus();
}

}  // namespace assay::engine
