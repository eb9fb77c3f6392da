// The special tokens in the metadata of a GGUF file. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_GGUF_SPECIAL_TOKENS_H_
#define ASSAY_ENGINE_TOKENIZER_GGUF_SPECIAL_TOKENS_H_

#include <string>

#include "absl/status/status.h"
#include "engine/formats/gguf.h"
#include "engine/tokenizer/gguf_vocabulary.h"
#include "engine/tokenizer/pipeline_tokenizer.h"

namespace assay::engine {

// What a tokenizer model uses if the metadata lacks the key, or names an id outside the vocabulary.
// The values are llama.cpp's.
struct GgufSpecialDefaults {
  TokenId bos = -1;
  TokenId eos = -1;
  TokenId unknown = -1;
  TokenId separator = -1;
  TokenId padding = -1;
  TokenId mask = -1;
  bool add_bos = false;
  bool add_eos = false;
};

// Reads the special tokens into `out`: their ids, the tokens around a text, the tokens that end a
// text, the variables of templates, and the added tokens with the whitespace that they strip.
// `pre_tokenizer` is the name of the pre-tokenizer, or empty. As in llama.cpp, tokens that end a
// turn and tokens of fill-in-the-middle are known by their spelling, whatever their type. Returns
// DATA_LOSS with the key of a value that has the wrong type.
absl::Status ReadGgufSpecialTokens(const GgufFile& file, const GgufSpecialDefaults& defaults,
                                   const std::string& pre_tokenizer, GgufVocabulary vocabulary,
                                   TokenizerParts* out);

// Returns the id under `key`. Returns `fallback` (or -1 if that is outside the vocabulary) if the
// file lacks the key or if the id is outside the vocabulary.
absl::StatusOr<TokenId> ReadGgufTokenId(const GgufFile& file, const char* key, TokenId fallback,
                                        size_t vocabulary_size);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_GGUF_SPECIAL_TOKENS_H_
