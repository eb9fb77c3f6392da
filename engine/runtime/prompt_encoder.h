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
#include "engine/chat/chat_templates.h"
#include "engine/runtime/generation/generation.h"
#include "engine/tokenizer/special_guard.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The tokenizer and the chat templates of a model. Immutable and thread-safe.
class PromptEncoder {
 public:
  // Reads both from the model's files. A model whose template cannot be used is usable for raw
  // text: the error is returned when the template is needed. A vocabulary may have more tokens than
  // the embedding has rows: a token without a row is refused when a prompt contains it.
  static absl::StatusOr<std::unique_ptr<PromptEncoder>> Make(const ModelFiles& files,
                                                             int context_length);

  // Encodes a prompt. Contract as LanguageModel::Tokenize().
  absl::StatusOr<EncodedPrompt> Encode(const Prompt& prompt) const;

  // Returns INVALID_ARGUMENT with the token if the embedding has no row for one.
  absl::Status CheckTokens(absl::Span<const TokenId> tokens) const;

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const ChatTemplates& chat_templates() const { return chat_templates_; }
  // True if prompts can go through a chat template.
  bool has_chat_template() const {
    return !chat_templates_.empty() && chat_templates_.status().ok();
  }

 private:
  PromptEncoder(std::string name, int vocab_size, int context_length,
                std::unique_ptr<Tokenizer> tokenizer, ChatTemplates chat_templates);

  // Returns true if the prompt goes through the chat template, false if it is tokenized verbatim.
  bool IsChat(const Prompt& prompt) const;
  absl::StatusOr<std::vector<TokenId>> Tokens(const Prompt& prompt) const;
  absl::StatusOr<std::vector<TokenId>> ChatTokens(const Prompt& prompt) const;

  const std::string name_;
  // The number of rows of the embedding. The tokenizer's vocabulary may be smaller or larger.
  const int vocab_size_;
  const int context_length_;
  const std::unique_ptr<Tokenizer> tokenizer_;
  const ChatTemplates chat_templates_;
  // Keeps the messages of the assistant from becoming special tokens.
  const SpecialGuard special_guard_;
  // Keep other data from becoming a special token or a control token of a template. One for each of
  // the templates, in their order.
  std::vector<SpecialGuard> template_guards_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_PROMPT_ENCODER_H_
