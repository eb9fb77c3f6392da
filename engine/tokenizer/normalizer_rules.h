// The rules of single normalizers. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_NORMALIZER_RULES_H_
#define ASSAY_ENGINE_TOKENIZER_NORMALIZER_RULES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::engine {

// Rust's char::to_lowercase(), which has no context and one expansion.
std::string ToLowercase(std::string_view text);

// StripAccents.
bool IsCombiningMark(uint32_t code_point);
std::string RemoveCombiningMarks(std::string_view text);

// Nmt: removes controls and replaces separators with spaces.
bool IsNmtControl(uint32_t code_point);
std::string ApplyNmtRules(std::string_view text);

// The steps of BertNormalizer. RemoveBertAccents() expects a text in NFD.
bool IsBertControl(uint32_t code_point);
bool IsBertAccent(uint32_t code_point);
std::string CleanBertText(std::string_view text);
std::string SeparateChinese(std::string_view text);
std::string RemoveBertAccents(std::string_view text);

// Returns the end of the grapheme that begins at `at`.
size_t GraphemeEnd(std::string_view text, size_t at);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_NORMALIZER_RULES_H_
