// The vocabulary in the metadata of a GGUF file. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_GGUF_VOCABULARY_H_
#define ASSAY_ENGINE_TOKENIZER_GGUF_VOCABULARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

// The values of tokenizer.ggml.token_type. Other values are read as kUndefined.
enum class GgufTokenType : int8_t {
  kUndefined = 0,
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

// The three lists have one entry per token.
struct GgufVocabulary {
  std::vector<std::string> tokens;
  // kNormal if the file has no types.
  std::vector<GgufTokenType> types;
  // 0 if the file has no scores.
  std::vector<double> scores;
};

// Returns DATA_LOSS if tokenizer.ggml.tokens is missing, empty or has more than 4,194,304 entries,
// if the types or scores have fewer entries, or if the spelling of a byte token is not "<0xNN>".
absl::StatusOr<GgufVocabulary> ReadGgufVocabulary(const GgufFile& file);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_GGUF_VOCABULARY_H_
