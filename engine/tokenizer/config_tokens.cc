// Adds the special tokens of tokenizer_config.json, as transformers 5 does.
#include "engine/tokenizer/config_tokens.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/json_access.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

// The named tokens of every tokenizer, in the order of transformers' special_tokens_map. Any other
// key that ends in "_token" and has a string is a token of the model, such as "image_token".
constexpr std::array<std::string_view, 7> kTokenNames = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

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
    const bool is_named = std::any_of(
        named.begin(), named.end(),
        [&value = value](const NamedToken& one) { return one.token.content == Spelling(value); });
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
    const bool is_special =
        std::any_of(special.begin(), special.end(),
                    [&content = content](const AddedToken& one) { return one.content == content; });
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

}  // namespace

bool IsModelToken(std::string_view key) {
  const bool named = std::find(kTokenNames.begin(), kTokenNames.end(), key) != kTokenNames.end();
  return !named && key.ends_with("_token");
}

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
  // The flags of the last of several new tokens with the same content count.
  std::vector<AddedToken> fresh;
  for (AddedToken& token : special) {
    if (added->Find(token.content) == nullptr) fresh.push_back(std::move(token));
  }
  for (AddedToken& token : fresh) added->Add(std::move(token));
  return named;
}

}  // namespace assay::engine
