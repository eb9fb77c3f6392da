// Reads the files beside tokenizer.json that name special tokens. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_SPECIAL_TOKEN_FILES_H_
#define ASSAY_ENGINE_TOKENIZER_SPECIAL_TOKEN_FILES_H_

#include <filesystem>

#include "absl/status/status.h"
#include "engine/tokenizer/pipeline_tokenizer.h"

namespace assay::engine {

// Adds the special tokens of tokenizer_config.json, special_tokens_map.json, config.json and
// generation_config.json in `folder` to `parts`, which have the vocabulary. A missing file is
// empty. Returns DATA_LOSS for a file that is not a JSON object.
absl::Status ReadSpecialTokenFiles(const std::filesystem::path& folder, TokenizerParts* parts);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_SPECIAL_TOKEN_FILES_H_
