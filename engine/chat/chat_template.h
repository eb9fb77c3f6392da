// A model's own chat template: conversation to prompt.
#ifndef ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_H_
#define ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace assay::engine {

struct ChatTurn {
  std::string role;
  std::string content;
  // What else the message has (tool_calls, name, tool_call_id, reasoning_content), as the text of a
  // JSON object; empty: nothing. A `content` in it, such as a list of parts, replaces the text; a
  // `role` is refused.
  std::string fields = {};
};

struct ChatTemplateInputs {
  std::vector<ChatTurn> messages;
  // Ends the prompt where the assistant begins to speak.
  bool add_generation_prompt = true;
  std::string bos_token;
  std::string eos_token;
  // The tools that the model may call, as the text of a JSON list; empty: none.
  std::string tools = {};
  // Further variables (enable_thinking, documents, date_string), as the text of a JSON object;
  // empty: none. `messages` and `tools` are refused.
  std::string variables = {};
  // What strftime_now() writes, in local time.
  absl::Time now = absl::Now();
};

// A compiled template in Jinja's language, rendered as transformers does it: jinja2's immutable
// sandbox with trim_blocks, lstrip_blocks, break and continue, `generation`, raise_exception(),
// strftime_now() and transformers' own tojson. Not read: inheritance, imports, recursive loops,
// caller(), `*` arguments, and the filters for web pages. Sandboxed: no code, no files; at most
// 1,000,000 steps, 4 MiB of output, 100,000 items a list, 200 levels. Immutable, thread-safe.
class ChatTemplate {
 public:
  // UNIMPLEMENTED names the construct that is not read yet, INVALID_ARGUMENT a syntax error, both
  // with the line.
  static absl::StatusOr<std::unique_ptr<ChatTemplate>> Parse(std::string_view source);
  ~ChatTemplate();

  ChatTemplate(const ChatTemplate&) = delete;
  ChatTemplate& operator=(const ChatTemplate&) = delete;

  // INVALID_ARGUMENT: the template itself refuses the conversation (raise_exception), uses what is
  // undefined or reaches a bound; or an input is no JSON of its kind ("messages[2].fields: ...").
  // UNIMPLEMENTED: what only a value shows is not read yet (a format's letter, int with a base).
  absl::StatusOr<std::string> Render(const ChatTemplateInputs& inputs) const;

 private:
  struct Program;
  explicit ChatTemplate(std::unique_ptr<Program> program);

  std::unique_ptr<Program> program_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_H_
