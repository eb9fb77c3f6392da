// Reads the components of a tokenizer.json (https://github.com/huggingface/tokenizers). Private to
// this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_TOKENIZER_COMPONENTS_H_
#define ASSAY_ENGINE_TOKENIZER_TOKENIZER_COMPONENTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

inline constexpr int64_t kMaxTokenId = (1 << 22) - 1;
// A vocabulary and its added tokens may skip this many ids. The limit bounds the table of tokens.
inline constexpr size_t kMaxIdGap = size_t{1} << 16;

// Each function reads the JSON object of one component and adds its settings to `out`. Each returns
// UNIMPLEMENTED with the name of an unsupported type, DATA_LOSS with the name of an invalid member.

absl::Status ReadNormalizer(const nlohmann::json& object, std::vector<NormalizerStep>* out);

absl::Status ReadPreTokenizer(const nlohmann::json& object, std::vector<PreTokenizerStep>* out);
// Changes steps that end with the alphabet of bytes so that they end with the bytes, and returns
// true. Returns false if the pieces are not in that alphabet, or if a step changes it.
bool MakePiecesBytes(std::vector<PreTokenizerStep>* steps);
absl::StatusOr<MetaspaceStep> ReadMetaspace(const nlohmann::json& object);

absl::Status ReadDecoder(const nlohmann::json& object, std::vector<DecoderStep>* out);

// Reads the tokens around a single text.
absl::Status ReadPostProcessor(const nlohmann::json& object, TokenizerParts* out);

// Reads the model and the spellings of the vocabulary. The pre-tokenizer must have been read; its
// steps change if the model merges bytes.
absl::Status ReadTokenModel(const nlohmann::json& object, TokenizerParts* out);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_TOKENIZER_COMPONENTS_H_
