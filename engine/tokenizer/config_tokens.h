// The special tokens in tokenizer_config.json. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_CONFIG_TOKENS_H_
#define ASSAY_ENGINE_TOKENIZER_CONFIG_TOKENS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/tokenizer/added_token_list.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// A variable of chat templates, such as "bos_token", and its token.
struct NamedToken {
  std::string name;
  AddedToken token;
};

// True for the keys of tokens that only some models have, such as "image_token".
bool IsModelToken(std::string_view key);

// Adds the tokens of the tokenizer's own configuration and returns the named ones. `legacy` is
// added_tokens.json, which counts if the configuration lacks added_tokens_decoder. Returns
// DATA_LOSS with the key of an invalid member.
absl::StatusOr<std::vector<NamedToken>> AddConfigTokens(const nlohmann::json& config,
                                                        const nlohmann::json& legacy,
                                                        AddedTokenList* added);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_CONFIG_TOKENS_H_
