// Renders chat templates for compare_templates.py and differential_test.py, which compare them with
// transformers. Reads JSON lines on stdin and writes JSON lines to stdout.
//
// In:  {"source": "...", "messages": [...], "add_generation_prompt": true, "tools": [...] or null,
//       "variables": {...}}
//      {"source": "...", "variables_json": "{...}"}
// Out: {"text": "..."} or {"error": "INVALID_ARGUMENT: ..."}
#include <iostream>
#include <string>

#include "absl/status/statusor.h"
#include "engine/chat/chat_template.h"
#include "nlohmann/json.hpp"

namespace {

using assay::engine::ChatTemplate;
using assay::engine::ChatTemplateInputs;
using nlohmann::ordered_json;

ordered_json Answer(const std::string& line) {
  const auto in = ordered_json::parse(line);
  ChatTemplateInputs inputs;
  inputs.special_tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
  if (in.contains("variables_json")) {
    inputs.variables = in.at("variables_json").get<std::string>();
  } else {
    inputs.add_generation_prompt = in.at("add_generation_prompt").get<bool>();
    for (const auto& message : in.at("messages")) {
      const std::string role = message.value("role", "");
      nlohmann::ordered_json fields = message;
      fields.erase("role");
      inputs.messages.push_back({role, "", fields.dump()});
    }
    if (!in.at("tools").is_null()) inputs.tools = in.at("tools").dump();
    inputs.variables = in.at("variables").dump();
  }
  const auto parsed = ChatTemplate::Parse(in.at("source").get<std::string>());
  if (!parsed.ok()) return {{"error", parsed.status().ToString()}};
  const auto text = (*parsed)->Render(inputs);
  if (!text.ok()) return {{"error", text.status().ToString()}};
  return {{"text", text->text}};
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) std::cout << Answer(line).dump() << std::endl;
  return 0;
}
