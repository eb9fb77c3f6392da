// A model's chat template, which renders a conversation into a prompt.
#ifndef ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_H_
#define ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/text_marks.h"

namespace assay::engine {

// One message of a conversation.
struct ChatTurn {
  std::string role;
  std::string content;
  // The other members of the message (tool_calls, name, tool_call_id, reasoning_content), as a JSON
  // object; empty for none. A member `content`, such as a list of parts, replaces the string above.
  // A member `role` is refused.
  std::string fields = {};
};

// The variables that a template is rendered with.
struct ChatTemplateInputs {
  std::vector<ChatTurn> messages;
  // Ends the prompt where the answer of the assistant begins.
  bool add_generation_prompt = true;
  // The special tokens of the model as variables: {"bos_token", "<s>"}. Names that are absent are
  // undefined in the template.
  std::vector<std::pair<std::string, std::string>> special_tokens = {};
  // The tools that the model may call, as a JSON list; empty for none.
  std::string tools = {};
  // Further variables (enable_thinking, documents, date_string), as a JSON object; empty for none.
  // `messages` and `tools` are refused.
  std::string variables = {};
  // Returns the parts of a caller's text that must not become special tokens, as SpecialGuard does.
  // `by_model` is true for the messages of the assistant. Null: the prompt may contain special
  // tokens that come from the messages.
  std::function<std::vector<TextRange>(std::string_view text, bool by_model)> guard = nullptr;
  // The time that strftime_now() formats, in local time.
  absl::Time now = absl::Now();
};

// A rendered prompt, to be encoded with its barriers (EncodeOptions::barriers).
struct RenderedPrompt {
  std::string text;
  std::vector<size_t> barriers;
};

// A parsed template in the Jinja language. It renders as in transformers: jinja2's immutable
// sandbox with trim_blocks, lstrip_blocks, break and continue, the `generation` block,
// raise_exception(), strftime_now() and transformers' own tojson. docs/reference/architectures.md
// lists the few constructs that are not supported, such as inheritance and imports.
//
// Templates come from model files and are not trusted. They are sandboxed: they reach neither code
// nor files, and a rendering ends after at most 1,000,000 steps, 4 MiB of output, 100,000 items in
// a list, and 200 levels of nesting.
//
//   ASSIGN_OR_RETURN(const auto chat_template, ChatTemplate::Parse(source));
//   ASSIGN_OR_RETURN(const RenderedPrompt prompt,
//                    chat_template->Render({.messages = {{"user", "Hello"}}}));
//
// What the caller passes is data: `guard` keeps it from becoming special tokens. While the template
// renders, each spelling of a special token in a message stands between two noncharacters.
//
// Immutable and thread-safe.
class ChatTemplate {
 public:
  // Parses `source`, of at most 1 MiB. Returns INVALID_ARGUMENT for a syntax error, UNIMPLEMENTED
  // for an unsupported construct. Both messages have the line.
  static absl::StatusOr<std::unique_ptr<ChatTemplate>> Parse(std::string_view source);
  ~ChatTemplate();

  ChatTemplate(const ChatTemplate&) = delete;
  ChatTemplate& operator=(const ChatTemplate&) = delete;

  // Returns the prompt. Every text of the messages, tools and variables is data, except for the
  // roles, which templates compare and write as they are. As in transformers, a template does not
  // see the members of a message that are null. Returns INVALID_ARGUMENT if the template refuses
  // the conversation (raise_exception), uses an undefined value or exceeds a limit, or if an input
  // is not JSON of its type ("messages[2].fields: ..."). Returns UNIMPLEMENTED for an unsupported
  // operation that only a value reveals (printing a function, a power that is a complex number).
  absl::StatusOr<RenderedPrompt> Render(const ChatTemplateInputs& inputs) const;

  std::string_view source() const;

 private:
  struct Program;
  explicit ChatTemplate(std::unique_ptr<Program> program);

  std::unique_ptr<Program> program_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_H_
