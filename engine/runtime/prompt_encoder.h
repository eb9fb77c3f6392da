// Encodes prompts to token ids. Private to this folder.
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

// The tokenizer and the chat template of a model. Immutable and thread-safe.
class PromptEncoder {
 public:
  // Reads both from the model's files. A model whose template is not supported yet is usable for
  // raw text: the error is returned when the template is needed.
  static absl::StatusOr<std::unique_ptr<PromptEncoder>> Make(const ModelFiles& files,
                                                             int context_length);

  // Encodes a prompt. Contract as LanguageModel::Tokenize().
  absl::StatusOr<EncodedPrompt> Encode(const Prompt& prompt) const;

  // Returns INVALID_ARGUMENT with the token if one is outside the vocabulary.
  absl::Status CheckTokens(absl::Span<const TokenId> tokens) const;

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  bool has_chat_template() const { return chat_template_.ok(); }
  // OK, NOT_FOUND if the model has no template, or why the template cannot be read.
  absl::Status chat_template_status() const { return chat_template_.status(); }

 private:
  PromptEncoder(std::string name, int vocab_size, int context_length,
                std::unique_ptr<Tokenizer> tokenizer,
                absl::StatusOr<std::unique_ptr<ChatTemplate>> chat_template);

  // Returns true if the prompt goes through the chat template, false if it is tokenized verbatim.
  bool IsChat(const Prompt& prompt) const;
  absl::StatusOr<std::vector<TokenId>> Tokens(const Prompt& prompt) const;
  absl::StatusOr<std::vector<TokenId>> ChatTokens(const Prompt& prompt) const;

  const std::string name_;
  // The size of the embedding, which may be larger than the tokenizer's vocabulary.
  const int vocab_size_;
  const int context_length_;
  const std::unique_ptr<Tokenizer> tokenizer_;
  // NOT_FOUND if the model has no template.
  const absl::StatusOr<std::unique_ptr<ChatTemplate>> chat_template_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_PROMPT_ENCODER_H_
