// Converts the spellings of tokens to text, as the decoders of the tokenizers crate do.
#ifndef ASSAY_ENGINE_TOKENIZER_TOKEN_DECODER_H_
#define ASSAY_ENGINE_TOKENIZER_TOKEN_DECODER_H_

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/unicode/regex.h"

namespace assay::engine {

// Converts spellings in GPT-2's alphabet (byte_alphabet.h) to bytes and joins the tokens.
struct DecodeByteLevelStep {};
// Converts tokens such as "<0x0A>" to bytes. Bytes that do not form valid UTF-8 together become one
// U+FFFD each.
struct DecodeByteFallbackStep {};
// Joins the tokens.
struct FuseStep {};
struct ReplaceTokenStep {
  unicode::Regex pattern;
  std::string content;
  // The text that the pattern matches, if it is a text; otherwise empty. Faster than the pattern.
  std::string literal = {};
};
// Removes up to `start` characters `content` from the beginning of each token, and up to `stop`
// from its end.
struct StripTokenStep {
  std::string content;
  size_t start = 0;
  size_t stop = 0;
};
// Replaces `replacement` with a space. In the first token, it is removed if `strips_first`.
struct DecodeMetaspaceStep {
  std::string replacement;
  bool strips_first = true;
};
// Removes `prefix` from each token and inserts a space before the tokens without it.
struct DecodeWordPieceStep {
  std::string prefix;
  // Removes the space before punctuation and English contractions.
  bool cleanup = true;
};
// Replaces `suffix` with a space, or removes it from the last token.
struct DecodeSuffixStep {
  std::string suffix;
};
// Decodes the output of a CTC model: drops repeated tokens and padding.
struct DecodeCtcStep {
  std::string padding;
  std::string delimiter;
  bool cleanup = true;
};
// Inserts a space between tokens. This is what a tokenizer without a decoder does.
struct JoinWithSpacesStep {};

using DecoderStep =
    std::variant<DecodeByteLevelStep, DecodeByteFallbackStep, FuseStep, ReplaceTokenStep,
                 StripTokenStep, DecodeMetaspaceStep, DecodeWordPieceStep, DecodeSuffixStep,
                 DecodeCtcStep, JoinWithSpacesStep>;

// Returns the text of `tokens` after all steps. The text may be invalid UTF-8 if no step decodes
// bytes. Returns INVALID_ARGUMENT if a pattern exceeds its work limit, or if the text would have
// more than 64 times the bytes of the tokens (plus 4096).
absl::StatusOr<std::string> DecodeTokens(const std::vector<DecoderStep>& steps,
                                         std::vector<std::string> tokens);

// Returns what one token within a text adds to it: bytes, which may be a part of a character. A
// step that depends on other tokens is applied as to a token in the middle.
absl::StatusOr<std::string> DecodeMiddleToken(const std::vector<DecoderStep>& steps,
                                              std::string token);

// True if the steps remove a space at the beginning of a text.
bool StripsLeadingSpace(const std::vector<DecoderStep>& steps);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_TOKEN_DECODER_H_
