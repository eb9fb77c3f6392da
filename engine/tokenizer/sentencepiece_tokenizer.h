// Reads a SentencePiece model (tokenizer.model). Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_SENTENCEPIECE_TOKENIZER_H_
#define ASSAY_ENGINE_TOKENIZER_SENTENCEPIECE_TOKENIZER_H_

#include <string_view>

#include "absl/status/status.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
#include "engine/tokenizer/sentencepiece_proto.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Reads the parts of the tokenizer but its added tokens: those are the pieces that are control,
// user-defined or unknown. Texts have the same tokens as with the package `sentencepiece`. Returns
// UNIMPLEMENTED for a model of whole words, DATA_LOSS for an id outside the vocabulary.
absl::Status ReadSentencePieceModel(const SentencePieceProto& proto, TokenizerParts* out);

// Returns the named tokens that transformers uses if tokenizer_config.json lacks them.
nlohmann::json SentencePieceNames(const SentencePieceProto& proto);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_SENTENCEPIECE_TOKENIZER_H_
