// Reads the files beside tokenizer.json that name special tokens. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_SPECIAL_TOKEN_FILES_H_
#define ASSAY_ENGINE_TOKENIZER_SPECIAL_TOKEN_FILES_H_

#include <filesystem>

#include "absl/status/status.h"
#include "engine/tokenizer/added_token_list.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Where the vocabulary comes from.
struct TokenizerOrigin {
  bool is_tokenizer_json = false;
  // The named tokens of a vocabulary that has them itself, such as {"bos_token": "<s>"}. The files
  // override them.
  nlohmann::json names = nlohmann::json::object();
};

// Adds the tokens and settings of tokenizer_config.json, special_tokens_map.json,
// added_tokens.json, config.json and generation_config.json in `folder` to `parts`, whose added
// tokens are `added`. A missing file is empty, and null is no value. Returns DATA_LOSS for a file
// that is not a JSON object, and for the flags of a token that are not booleans.
//
// As in transformers 5, add_bos_token and add_eos_token count only without tokenizer.json, whose
// post-processor replaces them.
absl::Status ReadSpecialTokenFiles(const std::filesystem::path& folder,
                                   const TokenizerOrigin& origin, TokenizerParts* parts,
                                   AddedTokenList* added);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_SPECIAL_TOKEN_FILES_H_
