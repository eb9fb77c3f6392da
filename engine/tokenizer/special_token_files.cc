// Reads the special tokens of a Hugging Face folder, as transformers 5 does.
#include "engine/tokenizer/special_token_files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "engine/tokenizer/end_of_turn.h"
#include "engine/tokenizer/json_access.h"
#include "engine/tokenizer/tokenizer_components.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxConfigBytes = 16 << 20;

// The named tokens of every tokenizer, in the order of transformers' special_tokens_map. Any other
// key that ends in "_token" and has a string is a token of the model, such as "image_token".
constexpr std::array<std::string_view, 7> kTokenNames = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

// Reads a file, or returns an empty object if it does not exist.
absl::StatusOr<Json> ReadConfig(const std::filesystem::path& folder, const char* name) {
  absl::StatusOr<Json> json = ReadJsonFile((folder / name).string(), kMaxConfigBytes);
  if (absl::IsNotFound(json.status())) return Json::object();
  return json;
}

// As in transformers 5, special_tokens_map.json overrides tokenizer_config.json if that lacks
// "added_tokens_decoder", and is ignored otherwise.
absl::StatusOr<Json> ReadTokenizerConfig(const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(Json config, ReadConfig(folder, "tokenizer_config.json"));
  ASSIGN_OR_RETURN(const Json map, ReadConfig(folder, "special_tokens_map.json"));
  if (!config.contains("added_tokens_decoder")) config.update(map);
  return config;
}

// Returns the spelling of "<s>" or {"content": "<s>", ...}.
std::optional<std::string> Spelling(const Json& value) {
  const Json* content = value.is_object() ? FindMember(value, "content") : &value;
  if (content == nullptr || !content->is_string()) return std::nullopt;
  return content->get<std::string>();
}

TokenId FindToken(const TokenizerParts& parts, const std::string& content) {
  for (const AddedToken& token : parts.added) {
    if (token.content == content) return token.id;
  }
  const auto it = std::find(parts.spellings.begin(), parts.spellings.end(), content);
  return it == parts.spellings.end() ? -1 : static_cast<TokenId>(it - parts.spellings.begin());
}

// Returns the id of the token that the variable `name` names, or -1.
TokenId FindNamedToken(const char* name, TokenizerParts* parts) {
  const auto& named = parts->template_tokens;
  const auto it = std::find_if(named.begin(), named.end(),
                               [&](const auto& pair) { return pair.first == name; });
  if (it == named.end()) return -1;
  const TokenId id = FindToken(*parts, it->second);
  const bool known = std::any_of(parts->added.begin(), parts->added.end(),
                                 [&](const AddedToken& token) { return token.id == id; });
  // Files without a list of added tokens name special tokens only here.
  if (id != -1 && !known && !it->second.empty()) {
    parts->added.push_back({.content = it->second, .id = id, .special = true});
  }
  return id;
}

void ReadTemplateTokens(const Json& config, TokenizerParts* parts) {
  const auto read = [&](const std::string& name, const Json& value) {
    if (std::optional<std::string> spelling = Spelling(value); spelling.has_value()) {
      parts->template_tokens.emplace_back(name, *std::move(spelling));
    }
  };
  for (const std::string_view name : kTokenNames) {
    if (const Json* value = FindMember(config, std::string(name).c_str())) {
      read(std::string(name), *value);
    }
  }
  Json others = Json::object();
  for (const auto& [key, value] : config.items()) {
    const bool named = std::find(kTokenNames.begin(), kTokenNames.end(), key) != kTokenNames.end();
    if (!named && std::string_view(key).ends_with("_token")) others[key] = value;
  }
  for (const char* key : {"extra_special_tokens", "model_specific_special_tokens"}) {
    const Json* tokens = FindMember(config, key);
    if (tokens != nullptr && tokens->is_object()) others.update(*tokens);
  }
  for (const auto& [key, value] : others.items()) read(key, value);
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

absl::Status ReadSpecialTokenFiles(const std::filesystem::path& folder, TokenizerParts* parts) {
  ASSIGN_OR_RETURN(const Json tokenizer, ReadTokenizerConfig(folder));
  ReadTemplateTokens(tokenizer, parts);
  parts->bos = FindNamedToken("bos_token", parts);
  parts->eos = FindNamedToken("eos_token", parts);
  const bool add_bos = tokenizer.value("add_bos_token", Json()) == true;
  const bool add_eos = tokenizer.value("add_eos_token", Json()) == true;
  if (add_bos && parts->prefix.empty() && parts->bos != -1) parts->prefix = {parts->bos};
  if (add_eos && parts->suffix.empty() && parts->eos != -1) parts->suffix = {parts->eos};
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
  FindEndsOfTurn(parts);
  return absl::OkStatus();
}

}  // namespace assay::engine
