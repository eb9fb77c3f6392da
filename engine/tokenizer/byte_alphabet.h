// GPT-2's byte alphabet: how a byte-level vocabulary spells bytes as printable characters.
#ifndef ASSAY_ENGINE_TOKENIZER_BYTE_ALPHABET_H_
#define ASSAY_ENGINE_TOKENIZER_BYTE_ALPHABET_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::engine {

// Converts a spelling to bytes: "Ġthe" becomes " the". Returns nullopt if a character is not in the
// alphabet, as in an added token that is spelled as plain text.
std::optional<std::string> DecodeByteLevel(std::string_view spelling);

// Converts bytes to their spelling: " the" becomes "Ġthe".
std::string EncodeByteLevel(std::string_view bytes);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_BYTE_ALPHABET_H_
