// Feeds any bytes to the parser of chat templates and renders what parses. Both must end within
// their limits and without a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/chat/chat_template.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"

namespace {

using assay::Require;
using assay::engine::ChatTemplate;
using assay::engine::ChatTemplateInputs;

constexpr size_t kMaxPromptBytes = size_t{4} << 20;

void CheckError(const absl::Status& status) {
  Require(absl::IsInvalidArgument(status) || absl::IsUnimplemented(status),
          "errors blame the template");
}

ChatTemplateInputs Conversation() {
  ChatTemplateInputs inputs;
  inputs.messages = {
      {"system", "Be brief."},
      {"user", "Grüße, 42?"},
      {"assistant", "",
       R"({"tool_calls":[{"function":{"name":"sum","arguments":{"a":40,"b":2.5,"c":null}}}]})"},
      {"tool", "42", R"({"tool_call_id":"1"})"}};
  inputs.special_tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
  inputs.tools = R"([{"type":"function","function":{"name":"sum","parameters":{"a":true}}}])";
  inputs.variables = R"({"enable_thinking":false})";
  inputs.now = absl::UnixEpoch();
  return inputs;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const assay::Limits limits(assay::Limits::Input::kFile, size);
  static const auto* const kInputs = new ChatTemplateInputs(Conversation());
  const auto parsed = ChatTemplate::Parse({reinterpret_cast<const char*>(data), size});
  if (!parsed.ok()) {
    CheckError(parsed.status());
    return 0;
  }
  const auto prompt = (*parsed)->Render(*kInputs);
  if (!prompt.ok()) CheckError(prompt.status());
  Require(!prompt.ok() || prompt->text.size() <= kMaxPromptBytes, "prompts are bounded");
  return 0;
}
