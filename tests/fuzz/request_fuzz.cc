// Feeds any bytes to the JSON fields of a generation request: tools_json, template_variables_json
// and the fields of a message. Rendering must end within its limits and blame the caller.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/utf8.h"
#include "base/work_limit.h"
#include "engine/chat/chat_template.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"

namespace {

using assay::CallContext;
using assay::Limits;
using assay::Require;
using assay::WorkLimit;
using assay::engine::ChatTemplate;
using assay::engine::ChatTemplateInputs;

// engine::kMaxPromptCpu, the limit of a prompt.
constexpr absl::Duration kMaxPromptCpu = absl::Milliseconds(400);

// Does with its inputs what the templates of models do.
constexpr std::string_view kTemplate = R"(
{%- for message in messages %}
{{- message.role }}: {{ message.content }}
{%- for call in message.tool_calls or [] %}
{{- call.function.name }}({{ call.function.arguments | tojson }})
{%- endfor %}
{%- endfor %}
{%- for tool in tools or [] %}
{{- tool | tojson(indent=2) }}{{ tool['function']['name'] }}
{%- for name, value in tool.function.parameters.properties | dictsort %}{{ name }}{{ value.type }}{% endfor %}
{%- endfor %}
{%- if enable_thinking is defined and enable_thinking %}<think>{% endif %}
{%- for document in documents or [] %}{{ document.title | upper }}{{ document.text | trim }}{% endfor %}
)";

void Render(const ChatTemplate& chat_template, ChatTemplateInputs inputs) {
  const CallContext call;
  const WorkLimit limit(kMaxPromptCpu, call);
  inputs.now = absl::UnixEpoch();
  const auto prompt = chat_template.Render(inputs);
  if (prompt.ok()) {
    Require(!assay::FindInvalidUtf8(prompt->text).has_value(), "prompts are UTF-8");
    return;
  }
  Require(absl::IsInvalidArgument(prompt.status()) || absl::IsUnimplemented(prompt.status()),
          "errors blame the caller");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const kParsed = ChatTemplate::Parse(kTemplate)->release();
  const std::string json(reinterpret_cast<const char*>(data), size);
  const Limits limits(Limits::Input::kRequest, size);
  Render(*kParsed, {.messages = {{"user", "Hello"}}, .tools = json});
  Render(*kParsed, {.messages = {{"user", "Hello"}}, .variables = json});
  Render(*kParsed, {.messages = {{"user", "Hello"}, {"assistant", "", json}}});
  return 0;
}
