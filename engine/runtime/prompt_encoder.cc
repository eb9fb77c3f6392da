// Encodes prompts to token ids.
#include "engine/runtime/prompt_encoder.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/chat/chat_template_source.h"

namespace assay::engine {
namespace {

absl::StatusOr<std::unique_ptr<ChatTemplate>> ReadChatTemplate(const ModelFiles& files) {
  ASSIGN_OR_RETURN(const std::string source, files.gguf == nullptr
                                                 ? ReadFolderChatTemplate(files.tensors->path())
                                                 : ReadGgufChatTemplate(*files.gguf));
  if (const std::optional<size_t> bad = FindInvalidUtf8(source); bad.has_value()) {
    return absl::DataLossError(absl::StrCat("it is not valid UTF-8 at byte ", *bad));
  }
  return ChatTemplate::Parse(source);
}

}  // namespace

PromptEncoder::PromptEncoder(std::string name, int vocab_size, int context_length,
                             std::unique_ptr<Tokenizer> tokenizer,
                             absl::StatusOr<std::unique_ptr<ChatTemplate>> chat_template)
    : name_(std::move(name)),
      vocab_size_(vocab_size),
      context_length_(context_length),
      tokenizer_(std::move(tokenizer)),
      chat_template_(std::move(chat_template)) {}

absl::StatusOr<std::unique_ptr<PromptEncoder>> PromptEncoder::Make(const ModelFiles& files,
                                                                   int context_length) {
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer =
      files.gguf == nullptr ? MakeTokenizerFromFolder(files.tensors->path())
                            : MakeTokenizer(*files.gguf);
  // The other files exist: a missing tokenizer means that the folder is incomplete.
  if (absl::IsNotFound(tokenizer.status())) {
    return absl::DataLossError(tokenizer.status().message());
  }
  if (!tokenizer.ok()) return tokenizer.status();
  const auto vocab = static_cast<int>(files.spec.vocab);
  if ((*tokenizer)->vocab_size() > vocab) {
    return absl::DataLossError(absl::StrCat(files.path, ": the tokenizer has ",
                                            (*tokenizer)->vocab_size(),
                                            " tokens, the embedding only ", vocab));
  }
  return std::unique_ptr<PromptEncoder>(new PromptEncoder(
      files.name, vocab, context_length, *std::move(tokenizer), ReadChatTemplate(files)));
}

absl::StatusOr<EncodedPrompt> PromptEncoder::Encode(const Prompt& prompt) const {
  ASSIGN_OR_RETURN(std::vector<TokenId> tokens, Tokens(prompt));
  if (tokens.empty()) return absl::InvalidArgumentError("the prompt is empty");
  if (static_cast<int64_t>(tokens.size()) + 1 > context_length_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the prompt has ", tokens.size(), " tokens; with one new token it exceeds the context of ",
        context_length_, " tokens; shorten the prompt"));
  }
  RETURN_IF_ERROR(CheckTokens(prompt.tokens));
  return EncodedPrompt{.tokens = std::move(tokens), .is_chat = IsChat(prompt)};
}

absl::Status PromptEncoder::CheckTokens(absl::Span<const TokenId> tokens) const {
  for (const TokenId token : tokens) {
    if (token >= 0 && token < vocab_size_) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("token ", token, " is outside the vocabulary of ", vocab_size_));
  }
  return absl::OkStatus();
}

bool PromptEncoder::IsChat(const Prompt& prompt) const {
  if (!prompt.tokens.empty()) return false;
  if (!prompt.chat.empty()) return true;
  return !prompt.raw && !absl::IsNotFound(chat_template_.status());
}

absl::StatusOr<std::vector<TokenId>> PromptEncoder::Tokens(const Prompt& prompt) const {
  const bool is_chat = IsChat(prompt);
  if (!is_chat && (!prompt.tools.empty() || !prompt.variables.empty())) {
    return absl::InvalidArgumentError(
        absl::StrCat("tools and template variables need a chat template; model ", name_,
                     has_chat_template() ? " is given a raw prompt" : " has none"));
  }
  if (!prompt.tokens.empty()) return prompt.tokens;
  if (prompt.chat.empty() && prompt.text.empty()) {
    return absl::InvalidArgumentError("the prompt is empty");
  }
  if (is_chat) return ChatTokens(prompt);
  return tokenizer_->Encode(prompt.text, {.parse_special = prompt.raw, .add_special = true});
}

absl::StatusOr<std::vector<TokenId>> PromptEncoder::ChatTokens(const Prompt& prompt) const {
  if (absl::IsNotFound(chat_template_.status())) {
    return absl::InvalidArgumentError(
        absl::StrCat("model ", name_, " has no chat template; send the prompt as text"));
  }
  if (!chat_template_.ok()) return chat_template_.status();
  ASSIGN_OR_RETURN(
      const std::string text,
      (*chat_template_)
          ->Render({.messages = prompt.chat.empty() ? std::vector<ChatTurn>{{"user", prompt.text}}
                                                    : prompt.chat,
                    .add_generation_prompt = true,
                    .bos_token = std::string(tokenizer_->TokenBytes(tokenizer_->bos_id())),
                    .eos_token = std::string(tokenizer_->TokenBytes(tokenizer_->eos_id())),
                    .tools = prompt.tools,
                    .variables = prompt.variables}));
  return tokenizer_->Encode(text, {.parse_special = true, .add_special = false});
}

}  // namespace assay::engine
