// Encodes texts to the tokens of an encoder.
#include "engine/runtime/encoder_tokens.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/formats/quoted.h"

namespace assay::engine {
namespace {

// [CLS] and [SEP].
constexpr int64_t kSpecialTokens = 2;

}  // namespace

EncoderTokens::EncoderTokens(std::unique_ptr<Tokenizer> tokenizer, TokenId first, TokenId last,
                             int64_t vocab, int64_t max_tokens)
    : tokenizer_(std::move(tokenizer)),
      first_(first),
      last_(last),
      vocab_(vocab),
      max_tokens_(max_tokens) {}

absl::StatusOr<std::unique_ptr<EncoderTokens>> EncoderTokens::Make(const std::string& folder,
                                                                   int64_t vocab,
                                                                   int64_t max_tokens) {
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = MakeTokenizerFromFolder(folder);
  // The other files exist: a missing tokenizer means that the folder is incomplete.
  if (absl::IsNotFound(tokenizer.status())) {
    return absl::DataLossError(tokenizer.status().message());
  }
  if (!tokenizer.ok()) return tokenizer.status();
  ASSIGN_OR_RETURN(const std::vector<TokenId> around,
                   (*tokenizer)->Encode("", {.add_special = true}));
  if (static_cast<int64_t>(around.size()) != kSpecialTokens || around.front() >= vocab ||
      around.back() >= vocab) {
    return absl::DataLossError(absl::StrCat(
        folder, ": the tokenizer adds ", around.size(),
        " tokens to a text; an encoder needs [CLS] before and [SEP] after it, below its vocabulary "
        "of ",
        vocab, " tokens: check post_processor in tokenizer.json"));
  }
  return std::unique_ptr<EncoderTokens>(
      new EncoderTokens(*std::move(tokenizer), around.front(), around.back(), vocab, max_tokens));
}

absl::StatusOr<EncodedText> EncoderTokens::Encode(const std::string& text) const {
  ASSIGN_OR_RETURN(const std::vector<TokenId> inner,
                   tokenizer_->Encode(text, {.parse_special = true, .add_special = false}));
  const auto most = static_cast<size_t>(max_tokens_ - kSpecialTokens);
  EncodedText encoded{.truncated = inner.size() > most};
  const size_t count = encoded.truncated ? most : inner.size();
  encoded.tokens.reserve(count + kSpecialTokens);
  encoded.tokens.push_back(first_);
  for (size_t i = 0; i < count; ++i) {
    if (inner[i] >= vocab_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "token ", inner[i], " (", Quoted(std::string(tokenizer_->TokenBytes(inner[i]))),
          ") has no embedding; the model has ", vocab_, " tokens"));
    }
    encoded.tokens.push_back(inner[i]);
  }
  encoded.tokens.push_back(last_);
  return encoded;
}

}  // namespace assay::engine
