// A model's own chat template.
#include "engine/chat/chat_template.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/interpreter.h"
#include "engine/jinja/syntax/parser.h"
#include "engine/jinja/values/json.h"

namespace assay::engine {
namespace {

constexpr size_t kMaxSourceBytes = size_t{1} << 20;

absl::Status InTemplate(const absl::Status& status) {
  return {status.code(), absl::StrCat("chat template: ", status.message())};
}

// Adds the members of the JSON object `json`, none of them called as one of `taken`, to `map`;
// nothing if it is empty.
absl::Status AddFields(const std::string& json, const std::string& what,
                       std::initializer_list<std::string_view> taken, jinja::Map* map) {
  if (json.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const jinja::Value fields, jinja::ReadJson(json, what));
  if (fields.AsMap() == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": is not a JSON object"));
  }
  for (const auto& [name, value] : fields.AsMap()->entries()) {
    if (std::find(taken.begin(), taken.end(), *name.AsText()) != taken.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": has a '", *name.AsText(), "', which is given apart"));
    }
    RETURN_IF_ERROR(map->Set(name, value));
  }
  return absl::OkStatus();
}

absl::StatusOr<jinja::Value> MessageOf(const ChatTurn& turn, const std::string& what) {
  jinja::Map message;
  absl::Status s = message.Set(jinja::Value::Text("role"), jinja::Value::Text(turn.role));
  if (s.ok()) s = message.Set(jinja::Value::Text("content"), jinja::Value::Text(turn.content));
  if (s.ok()) s = AddFields(turn.fields, what, {"role"}, &message);
  if (!s.ok()) return s;
  return MakeMap(std::move(message));
}

absl::StatusOr<jinja::Value> ReadTools(const std::string& json) {
  if (json.empty()) return jinja::Value::None();
  absl::StatusOr<jinja::Value> tools = jinja::ReadJson(json, "tools");
  if (tools.ok() && tools->AsSequence() == nullptr) {
    return absl::InvalidArgumentError("tools: is not a JSON list");
  }
  return tools;
}

}  // namespace

struct ChatTemplate::Program {
  std::vector<jinja::Statement> statements;
};

ChatTemplate::ChatTemplate(std::unique_ptr<Program> program) : program_(std::move(program)) {}
ChatTemplate::~ChatTemplate() = default;

absl::StatusOr<std::unique_ptr<ChatTemplate>> ChatTemplate::Parse(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("chat template: has ", source.size(), " bytes; at most ", kMaxSourceBytes));
  }
  absl::StatusOr<std::vector<jinja::Statement>> statements = jinja::ParseTemplate(source);
  if (!statements.ok()) return InTemplate(statements.status());
  return std::unique_ptr<ChatTemplate>(
      new ChatTemplate(std::make_unique<Program>(Program{*std::move(statements)})));
}

absl::StatusOr<std::string> ChatTemplate::Render(const ChatTemplateInputs& inputs) const {
  jinja::List messages;
  messages.reserve(inputs.messages.size());
  for (const ChatTurn& turn : inputs.messages) {
    ASSIGN_OR_RETURN(jinja::Value message,
                     MessageOf(turn, absl::StrCat("messages[", messages.size(), "].fields")));
    messages.push_back(std::move(message));
  }
  absl::StatusOr<jinja::Value> list = MakeList(std::move(messages));
  if (!list.ok()) return InTemplate(list.status());
  ASSIGN_OR_RETURN(jinja::Value tools, ReadTools(inputs.tools));
  jinja::Map variables;
  for (auto& [name, value] : std::vector<std::pair<const char*, jinja::Value>>{
           {"messages", *std::move(list)},
           {"tools", std::move(tools)},
           // transformers passes None where a caller gives none.
           {"documents", jinja::Value::None()},
           {"add_generation_prompt", jinja::Value{inputs.add_generation_prompt}},
           {"bos_token", jinja::Value::Text(inputs.bos_token)},
           {"eos_token", jinja::Value::Text(inputs.eos_token)}}) {
    absl::Status s = variables.Set(jinja::Value::Text(name), std::move(value));
    if (!s.ok()) return InTemplate(s);
  }
  RETURN_IF_ERROR(AddFields(inputs.variables, "variables", {"messages", "tools"}, &variables));
  absl::StatusOr<std::string> text = RunTemplate(program_->statements, variables, inputs.now);
  if (!text.ok()) return InTemplate(text.status());
  return text;
}

}  // namespace assay::engine
