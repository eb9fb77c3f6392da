// The steps of a tokenizer.json (https://github.com/huggingface/tokenizers). Private to this
// folder.
#ifndef ASSAY_ENGINE_TOKENIZER_TOKENIZER_COMPONENTS_H_
#define ASSAY_ENGINE_TOKENIZER_TOKENIZER_COMPONENTS_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Ids that a vocabulary and its added tokens may leave out: what bounds the table of tokens.
inline constexpr size_t kMaxIdGap = size_t{1} << 16;

// Each reads the object under the key of its name and appends what it says. UNIMPLEMENTED names a
// type that is not read yet, DATA_LOSS a member.
absl::Status ReadNormalizer(const nlohmann::json& object, std::vector<NormalizerStep>* out);

// What a row of pre-tokenizers comes to.
struct PreTokenizerParts {
  std::vector<PreTokenizerStep> steps;
  // The pieces are bytes.
  bool byte_level = false;
};
absl::Status ReadPreTokenizer(const nlohmann::json& object, PreTokenizerParts* out);

absl::Status ReadDecoder(const nlohmann::json& object, TokenDecoding* out);

// Tokens around a single text.
absl::Status ReadPostProcessor(const nlohmann::json& object, TokenizerParts* out);

// The model, with the vocabulary's spellings.
absl::Status ReadTokenModel(const nlohmann::json& object, bool byte_level, TokenizerParts* out);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_TOKENIZER_COMPONENTS_H_
