// Prompts to token ids. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_PROMPT_ENCODER_H_
#define ASSAY_ENGINE_RUNTIME_PROMPT_ENCODER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/architectures/model_files.h"
#include "engine/chat/chat_template.h"
#include "engine/runtime/generation/generation.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// A model's tokenizer and chat template. Immutable, thread-safe.
class PromptEncoder {
 public:
  // Reads both out of the model's files. A template that is not read yet leaves the model usable
  // for raw text: its error comes when it is needed.
  static absl::StatusOr<std::unique_ptr<PromptEncoder>> Make(const ModelFiles& files,
                                                             int context_length);

  // As LanguageModel::Tokenize().
  absl::StatusOr<EncodedPrompt> Encode(const Prompt& prompt) const;

  // INVALID_ARGUMENT names a token outside the vocabulary.
  absl::Status CheckTokens(absl::Span<const TokenId> tokens) const;

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  bool has_chat_template() const { return chat_template_.ok(); }
  // NOT_FOUND: the model has none. Otherwise why it cannot be read.
  absl::Status chat_template_status() const { return chat_template_.status(); }

 private:
  PromptEncoder(std::string name, int vocab_size, int context_length,
                std::unique_ptr<Tokenizer> tokenizer,
                absl::StatusOr<std::unique_ptr<ChatTemplate>> chat_template);

  // False: it is tokenized as it is.
  bool IsChat(const Prompt& prompt) const;
  absl::StatusOr<std::vector<TokenId>> Tokens(const Prompt& prompt) const;
  absl::StatusOr<std::vector<TokenId>> ChatTokens(const Prompt& prompt) const;

  const std::string name_;
  // The embedding's, which may be larger than the tokenizer's.
  const int vocab_size_;
  const int context_length_;
  const std::unique_ptr<Tokenizer> tokenizer_;
  // NOT_FOUND: the model has none.
  const absl::StatusOr<std::unique_ptr<ChatTemplate>> chat_template_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_PROMPT_ENCODER_H_
