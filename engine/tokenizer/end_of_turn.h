// Tokens that end a turn or a text, and tokens of fill-in-the-middle, known by their spelling.
// Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_END_OF_TURN_H_
#define ASSAY_ENGINE_TOKENIZER_END_OF_TURN_H_

#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// True for spellings that end a turn, a message or a text in the chat formats that are known. The
// list is llama.cpp's.
bool EndsTurn(std::string_view spelling);

// Removes the tokens that are part of a turn in their vocabulary, although EndsTurn() is true for
// them: "<|end|>" in vocabularies with "<|return|>" (gpt-oss), "</s>" in those of Gemma 4. Each
// pair is a token and its spelling.
void RemoveTokensWithinTurns(std::vector<std::pair<TokenId, std::string_view>>* tokens);

// The spellings of one token of fill-in-the-middle, and the metadata keys that name it.
struct FillInMiddleToken {
  std::vector<std::string_view> spellings;
  std::vector<const char*> gguf_keys;
  // A generation ends at this token: the model begins another file.
  bool ends_text = false;
};
absl::Span<const FillInMiddleToken> FillInMiddleTokens();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_END_OF_TURN_H_
