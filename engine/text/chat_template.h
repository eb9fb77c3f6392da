// A model's own chat template: conversation to prompt.
#ifndef ASSAY_ENGINE_TEXT_CHAT_TEMPLATE_H_
#define ASSAY_ENGINE_TEXT_CHAT_TEMPLATE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::engine {

struct ChatTurn {
  std::string role;
  std::string content;
};

struct ChatTemplateInputs {
  std::vector<ChatTurn> messages;
  // Ends the prompt where the assistant begins to speak.
  bool add_generation_prompt = true;
  std::string bos_token;
  std::string eos_token;
};

// A compiled template in Jinja's language, of which the parts below are read: text, {{ }}, {%
// for/if/elif/else/set %},
// {# #}, whitespace control (with trim_blocks and lstrip_blocks on, as transformers renders), loop
// variables, literals, indexing, attributes, comparison, and/or/not, in, + - ~ %, `is defined`/`is
// none`/`is string`, filters trim, upper, lower, length, and raise_exception(). Sandboxed: no code,
// no files; at most 1,000,000 steps and 4 MiB of output. Immutable, thread-safe.
class ChatTemplate {
 public:
  // UNIMPLEMENTED names the construct that is not read yet, INVALID_ARGUMENT a syntax error, both
  // with the line.
  static absl::StatusOr<std::unique_ptr<ChatTemplate>> Parse(std::string_view source);
  ~ChatTemplate();

  ChatTemplate(const ChatTemplate&) = delete;
  ChatTemplate& operator=(const ChatTemplate&) = delete;

  // INVALID_ARGUMENT: the template itself refuses the conversation (raise_exception), or uses what
  // is undefined.
  absl::StatusOr<std::string> Render(const ChatTemplateInputs& inputs) const;

 private:
  struct Program;
  explicit ChatTemplate(std::unique_ptr<Program> program);

  std::unique_ptr<Program> program_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_CHAT_TEMPLATE_H_
