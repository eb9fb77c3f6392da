// A tokenizer's vocabulary out of GGUF metadata.
#ifndef ASSAY_ENGINE_TOKENIZER_GGUF_TOKENIZER_H_
#define ASSAY_ENGINE_TOKENIZER_GGUF_TOKENIZER_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"
#include "engine/tokenizer/pipeline_tokenizer.h"

namespace assay::engine {

// Errors as MakeTokenizer(). `pre_tokenizer`: instead of the file's own, where not empty.
absl::StatusOr<TokenizerParts> ReadGgufTokenizer(const GgufFile& file,
                                                 const std::string& pre_tokenizer = "");

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_GGUF_TOKENIZER_H_
