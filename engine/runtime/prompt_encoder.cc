// Encodes prompts to token ids.
#include "engine/runtime/prompt_encoder.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/chat/chat_template_source.h"
#include "engine/formats/quoted.h"

namespace assay::engine {
namespace {

ChatTemplates ReadChatTemplates(const ModelFiles& files) {
  return ChatTemplates(files.gguf == nullptr ? ReadFolderChatTemplates(files.tensors->path())
                                             : ReadGgufChatTemplates(*files.gguf));
}

}  // namespace

PromptEncoder::PromptEncoder(std::string name, int vocab_size, int context_length,
                             std::unique_ptr<Tokenizer> tokenizer, ChatTemplates chat_templates)
    : name_(std::move(name)),
      vocab_size_(vocab_size),
      context_length_(context_length),
      tokenizer_(std::move(tokenizer)),
      chat_templates_(std::move(chat_templates)),
      special_guard_(tokenizer_->MakeGuard("")) {
  for (const ChatTemplates::Entry& entry : chat_templates_.entries()) {
    template_guards_.push_back(
        tokenizer_->MakeGuard(entry.parsed.ok() ? (*entry.parsed)->source() : ""));
  }
}

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
  return std::unique_ptr<PromptEncoder>(
      new PromptEncoder(files.name, static_cast<int>(files.spec.vocab), context_length,
                        *std::move(tokenizer), ReadChatTemplates(files)));
}

absl::StatusOr<EncodedPrompt> PromptEncoder::Encode(const Prompt& prompt) const {
  ASSIGN_OR_RETURN(std::vector<TokenId> tokens, Tokens(prompt));
  if (tokens.empty()) return absl::InvalidArgumentError("the prompt is empty");
  if (prompt.max_tokens > 0 && tokens.size() > static_cast<size_t>(prompt.max_tokens)) {
    tokens.erase(tokens.begin(), tokens.end() - prompt.max_tokens);
  }
  if (static_cast<int64_t>(tokens.size()) + 1 > context_length_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the prompt has ", tokens.size(), " tokens; with one new token it exceeds the context of ",
        context_length_, " tokens; shorten the prompt"));
  }
  RETURN_IF_ERROR(CheckTokens(tokens));
  return EncodedPrompt{.tokens = std::move(tokens), .is_chat = IsChat(prompt)};
}

absl::Status PromptEncoder::CheckTokens(absl::Span<const TokenId> tokens) const {
  for (const TokenId token : tokens) {
    if (token >= 0 && token < vocab_size_) continue;
    if (token < 0 || token >= tokenizer_->vocab_size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("token ", token, " is outside the vocabulary of ", vocab_size_));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "token ", token, " (", Quoted(std::string(tokenizer_->TokenBytes(token))),
        ") cannot be used: model ", name_, " has embeddings for ", vocab_size_, " tokens only"));
  }
  return absl::OkStatus();
}

bool PromptEncoder::IsChat(const Prompt& prompt) const {
  if (!prompt.tokens.empty()) return false;
  if (!prompt.chat.empty()) return true;
  return !prompt.raw && !chat_templates_.empty();
}

absl::StatusOr<std::vector<TokenId>> PromptEncoder::Tokens(const Prompt& prompt) const {
  const bool is_chat = IsChat(prompt);
  const bool needs_template =
      !prompt.tools.empty() || !prompt.variables.empty() || !prompt.chat_template.empty();
  if (!is_chat && needs_template) {
    return absl::InvalidArgumentError(
        absl::StrCat("tools and template variables need a chat template; model ", name_,
                     chat_templates_.empty() ? " has none" : " is given a raw prompt"));
  }
  if (!prompt.tokens.empty()) return prompt.tokens;
  if (prompt.chat.empty() && prompt.text.empty()) {
    return absl::InvalidArgumentError("the prompt is empty");
  }
  if (is_chat) return ChatTokens(prompt);
  return tokenizer_->Encode(
      prompt.text, {.parse_special = prompt.raw || prompt.parse_special, .add_special = true});
}

absl::StatusOr<std::vector<TokenId>> PromptEncoder::ChatTokens(const Prompt& prompt) const {
  if (chat_templates_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("model ", name_, " has no chat template; send the prompt as text"));
  }
  ASSIGN_OR_RETURN(
      const ChatTemplates::Entry* entry,
      chat_templates_.Choose(prompt.chat_template, /*has_tools=*/!prompt.tools.empty(), name_));
  ChatTemplateInputs inputs{
      .messages = prompt.chat.empty() ? std::vector<ChatTurn>{{"user", prompt.text}} : prompt.chat,
      .add_generation_prompt = true,
      .special_tokens = tokenizer_->template_tokens(),
      .tools = prompt.tools,
      .variables = prompt.variables};
  if (!prompt.parse_special) {
    const SpecialGuard& guard =
        template_guards_[static_cast<size_t>(entry - chat_templates_.entries().data())];
    inputs.guard = [this, &guard](std::string_view text, bool by_model) {
      return (by_model ? special_guard_ : guard).Find(text);
    };
  }
  ASSIGN_OR_RETURN(const RenderedPrompt rendered, (*entry->parsed)->Render(inputs));
  return tokenizer_->Encode(
      rendered.text, {.parse_special = true, .add_special = false, .barriers = rendered.barriers});
}

}  // namespace assay::engine
