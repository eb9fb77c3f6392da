// Converts text to token ids and back.
#ifndef ASSAY_ENGINE_TOKENIZER_TOKENIZER_H_
#define ASSAY_ENGINE_TOKENIZER_TOKENIZER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace assay::engine {

class GgufFile;
class SpecialGuard;

using TokenId = int32_t;

struct EncodeOptions {
  // Converts "<|im_start|>" in the text to the special token. Off, such text is tokenized like any
  // other, which is the safe choice for text from users.
  bool parse_special = false;
  // Adds the tokens that the model expects around every text, such as BOS, if its metadata requires
  // them.
  bool add_special = true;
  // Byte offsets in the text, in ascending order, that no added token spans: with a barrier at 1,
  // the text "<s>" stays text. No added token begins at an offset that is listed twice. Must
  // outlive the call.
  absl::Span<const size_t> barriers = {};
};

// The processor time that the encoding of a text may take, where no WorkLimit says otherwise: ten
// times what common tokenizers need.
inline absl::Duration MaxEncodingCpu(size_t bytes) {
  return absl::Milliseconds(400) + absl::Microseconds(2) * static_cast<int64_t>(bytes);
}

// The tokenizer of a model. Making one costs about 0.1 s for 50,000 tokens. Implementations are
// immutable and thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Returns the tokens of `text`. Returns INVALID_ARGUMENT if the text is not valid UTF-8, with the
  // byte offset in the message, or if it exceeds a limit of the normalizer or of a pattern.
  virtual absl::StatusOr<std::vector<TokenId>> Encode(std::string_view text,
                                                      const EncodeOptions& options) const = 0;

  // Returns the guard of this model's special tokens. It also knows the other added tokens whose
  // spelling occurs in `also` and looks like a control token's ("<think>", "[INST]"). `also` is the
  // source of a chat template, or empty. The guard must not outlive the tokenizer. Costs as much as
  // a few comparisons per byte of `also`.
  virtual SpecialGuard MakeGuard(std::string_view also) const = 0;

  // Returns the bytes of a token, which may be a part of a UTF-8 character. The bytes of a special
  // token are its spelling. Returns "" for an id out of range. The view lives as long as the
  // tokenizer.
  virtual std::string_view TokenBytes(TokenId id) const = 0;

  // Returns the text of `ids`. `skip_special` leaves special tokens out. Bytes that are not valid
  // UTF-8 become U+FFFD. Returns INVALID_ARGUMENT for an id out of range.
  virtual absl::StatusOr<std::string> Decode(absl::Span<const TokenId> ids,
                                             bool skip_special) const = 0;

  // The kind of the tokenizer for display, such as "byte-level BPE".
  virtual std::string_view kind() const { return "tokenizer"; }
  virtual int vocab_size() const = 0;
  virtual bool IsSpecial(TokenId id) const = 0;
  // True for every token that ends a turn or a text (<|im_end|>, <|endoftext|>).
  virtual bool IsEndOfText(TokenId id) const = 0;
  // True if a space at the beginning of a text is an artifact of the vocabulary (SentencePiece) and
  // not part of the text. Decode() removes it, TokenBytes() cannot.
  virtual bool StripsLeadingSpace() const { return false; }
  // Each is -1 if the model has no such token.
  virtual TokenId bos_id() const = 0;
  virtual TokenId eos_id() const = 0;
  // The special tokens that chat templates see as variables ("bos_token"), each with its spelling.
  // A token that the model's files lack or set to null is absent.
  virtual const std::vector<std::pair<std::string, std::string>>& template_tokens() const = 0;
};

// Makes the tokenizer that the metadata of a GGUF file describes. Returns UNIMPLEMENTED with the
// name of an unsupported model or pre-tokenizer, DATA_LOSS with the key that is invalid.
absl::StatusOr<std::unique_ptr<Tokenizer>> MakeTokenizer(const GgufFile& file);

// Makes the tokenizer of a Hugging Face folder from tokenizer.json, or else from vocab.json and
// merges.txt, or else from tokenizer.model (SentencePiece). Special tokens also come from
// tokenizer_config.json, special_tokens_map.json, added_tokens.json, config.json and
// generation_config.json. Returns NOT_FOUND if the folder has no vocabulary, UNIMPLEMENTED with the
// name of an unsupported component, DATA_LOSS with the key that is invalid.
absl::StatusOr<std::unique_ptr<Tokenizer>> MakeTokenizerFromFolder(const std::string& folder);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_TOKENIZER_H_
