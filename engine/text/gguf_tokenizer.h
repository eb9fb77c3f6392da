// A tokenizer's vocabulary out of GGUF metadata.
#ifndef ASSAY_ENGINE_TEXT_GGUF_TOKENIZER_H_
#define ASSAY_ENGINE_TEXT_GGUF_TOKENIZER_H_

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"
#include "engine/text/byte_level_tokenizer.h"

namespace assay::engine {

// Errors as MakeTokenizer().
absl::StatusOr<ByteLevelVocabulary> ReadByteLevelVocabulary(const GgufFile& file);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_GGUF_TOKENIZER_H_
