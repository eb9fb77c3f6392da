// GPT-2's alphabet: how a byte-level vocabulary spells bytes as printable characters.
#ifndef ASSAY_ENGINE_TOKENIZER_BYTE_ALPHABET_H_
#define ASSAY_ENGINE_TOKENIZER_BYTE_ALPHABET_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::engine {

// "Ġthe" -> " the". nullopt if a character is not of the alphabet (an added token spelled as it
// is).
std::optional<std::string> BytesOfSpelling(std::string_view spelling);

// 0x20 -> "Ġ".
std::string SpellingOfByte(uint8_t byte);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_BYTE_ALPHABET_H_
