// Reads the special tokens of a Hugging Face folder, as transformers 5 does.
#include "engine/tokenizer/special_token_files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "engine/formats/quoted.h"
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

bool IsModelToken(std::string_view key) {
  const bool named = std::find(kTokenNames.begin(), kTokenNames.end(), key) != kTokenNames.end();
  return !named && key.ends_with("_token");
}

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

// Returns the spelling of "<s>" or {"content": "<s>", ...}.
std::optional<std::string> Spelling(const Json& value) {
  const Json* content = value.is_object() ? FindMember(value, "content") : &value;
  if (content == nullptr || !content->is_string()) return std::nullopt;
  return content->get<std::string>();
}

// Reads "<s>" or an object with flags. Returns nullopt for a value of another type.
absl::StatusOr<std::optional<AddedToken>> ReadSpecialToken(const Json& value) {
  if (value.is_string()) {
    return AddedToken{.content = value.get<std::string>(), .special = true};
  }
  if (!Spelling(value).has_value()) return std::nullopt;
  Json special = value;
  special["special"] = true;
  return ReadAddedToken(special);
}

struct NamedToken {
  std::string name;
  AddedToken token;
};

// Returns the tokens of the variables of templates, in the order of transformers.
absl::StatusOr<std::vector<NamedToken>> ReadNamedTokens(const Json& config) {
  std::vector<NamedToken> named;
  const auto read = [&](const std::string& name, const Json& value) -> absl::Status {
    absl::StatusOr<std::optional<AddedToken>> token = ReadSpecialToken(value);
    if (!token.ok()) return Annotate(token.status(), name);
    if (token->has_value()) named.push_back({name, **std::move(token)});
    return absl::OkStatus();
  };
  for (const std::string_view name : kTokenNames) {
    if (const Json* value = FindMember(config, std::string(name).c_str())) {
      RETURN_IF_ERROR(read(std::string(name), *value));
    }
  }
  Json others = Json::object();
  for (const auto& [key, value] : config.items()) {
    if (IsModelToken(key)) others[key] = value;
  }
  for (const char* key : {"extra_special_tokens", "model_specific_special_tokens"}) {
    const Json* tokens = FindMember(config, key);
    if (tokens != nullptr && tokens->is_object()) others.update(*tokens);
  }
  for (const auto& [key, value] : others.items()) {
    RETURN_IF_ERROR(read(key, value));
  }
  return named;
}

// Adds the tokens of added_tokens_decoder, {"258": {"content": "<s>", ...}}, in the order of the
// ids. Their flags replace those of tokenizer.json.
absl::Status AddDecoderTokens(const Json& decoder, const std::vector<NamedToken>& named,
                              AddedTokenList* added) {
  if (!decoder.is_object()) return WrongMember("added_tokens_decoder", "an object");
  std::map<int64_t, AddedToken> tokens;
  for (const auto& [key, value] : decoder.items()) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(key, &id)) {
      return absl::DataLossError(
          absl::StrCat("added_tokens_decoder has the key ", Quoted(key), ", which is not an id"));
    }
    Json object = value;
    // A named token is special, and its other flags have the defaults of special tokens.
    const bool is_named = std::any_of(named.begin(), named.end(), [&](const NamedToken& one) {
      return one.token.content == Spelling(value);
    });
    if (is_named) object["special"] = true;
    absl::StatusOr<AddedToken> token = ReadAddedToken(object);
    if (!token.ok()) return Annotate(token.status(), absl::StrCat("added_tokens_decoder.", key));
    tokens[id] = *std::move(token);
  }
  for (auto& [id, token] : tokens) added->Add(std::move(token));
  return absl::OkStatus();
}

// Adds the tokens of added_tokens.json, {"<s>": 258}, which predates added_tokens_decoder.
void AddLegacyTokens(const Json& file, const std::vector<AddedToken>& special,
                     AddedTokenList* added) {
  std::map<int64_t, std::string> tokens;
  for (const auto& [content, id] : file.items()) {
    if (id.is_number_integer()) tokens[id.get<int64_t>()] = content;
  }
  for (const auto& [id, content] : tokens) {
    if (added->Find(content) != nullptr) continue;
    const bool is_special = std::any_of(special.begin(), special.end(), [&](const AddedToken& one) {
      return one.content == content;
    });
    added->Add({.content = content, .special = is_special, .normalized = !is_special});
  }
}

// Returns the tokens of a list under "extra_special_tokens" or its old name.
absl::StatusOr<std::vector<AddedToken>> ReadExtraTokens(const Json& config) {
  std::vector<AddedToken> extra;
  const Json* list = FindMember(config, "extra_special_tokens");
  if (list == nullptr || list->empty()) list = FindMember(config, "additional_special_tokens");
  if (list == nullptr || !list->is_array()) return extra;
  for (const Json& value : *list) {
    absl::StatusOr<std::optional<AddedToken>> token = ReadSpecialToken(value);
    if (!token.ok()) return Annotate(token.status(), "extra_special_tokens");
    if (token->has_value()) extra.push_back(**std::move(token));
  }
  return extra;
}

// Adds the tokens of the tokenizer's own configuration and returns the named ones.
absl::StatusOr<std::vector<NamedToken>> AddConfigTokens(const Json& config, const Json& legacy,
                                                        AddedTokenList* added) {
  ASSIGN_OR_RETURN(std::vector<NamedToken> named, ReadNamedTokens(config));
  ASSIGN_OR_RETURN(const std::vector<AddedToken> extra, ReadExtraTokens(config));
  std::vector<AddedToken> special;
  special.reserve(named.size() + extra.size());
  for (const NamedToken& one : named) special.push_back(one.token);
  special.insert(special.end(), extra.begin(), extra.end());
  if (const Json* decoder = FindMember(config, "added_tokens_decoder")) {
    RETURN_IF_ERROR(AddDecoderTokens(*decoder, named, added));
  } else {
    AddLegacyTokens(legacy, special, added);
    // A named token of tokenizer.json is special.
    for (const NamedToken& one : named) {
      if (const AddedToken* known = added->Find(one.token.content)) {
        AddedToken token = *known;
        token.special = true;
        added->Add(std::move(token));
      }
    }
  }
  // Of several new tokens with the same content, the flags of the last one count.
  std::vector<AddedToken> fresh;
  for (AddedToken& token : special) {
    if (added->Find(token.content) == nullptr) fresh.push_back(std::move(token));
  }
  for (AddedToken& token : fresh) added->Add(std::move(token));
  return named;
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
