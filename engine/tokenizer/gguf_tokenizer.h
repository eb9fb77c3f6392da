// Reads a tokenizer from GGUF metadata.
#ifndef ASSAY_ENGINE_TOKENIZER_GGUF_TOKENIZER_H_
#define ASSAY_ENGINE_TOKENIZER_GGUF_TOKENIZER_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"
#include "engine/tokenizer/pipeline_tokenizer.h"

namespace assay::engine {

// Reads the parts of the tokenizer that the file describes. `pre_tokenizer`, if not empty, replaces
// the one that the file names. Errors are those of MakeTokenizer().
absl::StatusOr<TokenizerParts> ReadGgufTokenizer(const GgufFile& file,
                                                 const std::string& pre_tokenizer = "");

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_GGUF_TOKENIZER_H_
