// A model's chat template.
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
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/jinja/interpreter.h"
#include "engine/jinja/syntax/parser.h"
#include "engine/jinja/values/json.h"

namespace assay::engine {
namespace {

constexpr size_t kMaxSourceBytes = size_t{1} << 20;

constexpr char kErrorPrefix[] = "chat template";

// Adds the members of the JSON object `json` to `map`. An empty `json` has none. Members named in
// `reserved` are refused. `what` names the input in errors.
absl::Status AddMembers(const std::string& json, const std::string& what,
                        std::initializer_list<std::string_view> reserved, jinja::Map* map) {
  if (json.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const jinja::Value fields, jinja::ReadJson(json, what));
  if (fields.AsMap() == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": is not a JSON object"));
  }
  for (const auto& [name, value] : fields.AsMap()->entries()) {
    if (std::find(reserved.begin(), reserved.end(), *name.AsString()) != reserved.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": has a '", *name.AsString(), "', which has a field of its own"));
    }
    RETURN_IF_ERROR(map->Set(name, value));
  }
  return absl::OkStatus();
}

jinja::Result MakeMessage(const ChatTurn& turn, const std::string& what) {
  jinja::Map message;
  RETURN_IF_ERROR(message.Set(jinja::Value::String("role"), jinja::Value::String(turn.role)));
  RETURN_IF_ERROR(message.Set(jinja::Value::String("content"), jinja::Value::String(turn.content)));
  RETURN_IF_ERROR(AddMembers(turn.fields, what, {"role"}, &message));
  return MakeMap(std::move(message));
}

jinja::Result ReadTools(const std::string& json) {
  if (json.empty()) return jinja::Value::None();
  jinja::Result tools = jinja::ReadJson(json, "tools");
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
  if (!statements.ok()) return Annotate(statements.status(), kErrorPrefix);
  return std::unique_ptr<ChatTemplate>(
      new ChatTemplate(std::make_unique<Program>(Program{*std::move(statements)})));
}

absl::StatusOr<std::string> ChatTemplate::Render(const ChatTemplateInputs& inputs) const {
  jinja::List messages;
  messages.reserve(inputs.messages.size());
  for (const ChatTurn& turn : inputs.messages) {
    ASSIGN_OR_RETURN(jinja::Value message,
                     MakeMessage(turn, absl::StrCat("messages[", messages.size(), "].fields")));
    messages.push_back(std::move(message));
  }
  jinja::Result list = MakeList(std::move(messages));
  if (!list.ok()) return Annotate(list.status(), kErrorPrefix);
  ASSIGN_OR_RETURN(jinja::Value tools, ReadTools(inputs.tools));
  jinja::Map variables;
  for (auto& [name, value] : std::vector<std::pair<const char*, jinja::Value>>{
           {"messages", *std::move(list)},
           {"tools", std::move(tools)},
           // transformers passes None if the caller passes no documents.
           {"documents", jinja::Value::None()},
           {"add_generation_prompt", jinja::Value{inputs.add_generation_prompt}},
           {"bos_token", jinja::Value::String(inputs.bos_token)},
           {"eos_token", jinja::Value::String(inputs.eos_token)}}) {
    absl::Status s = variables.Set(jinja::Value::String(name), std::move(value));
    if (!s.ok()) return Annotate(s, kErrorPrefix);
  }
  RETURN_IF_ERROR(AddMembers(inputs.variables, "variables", {"messages", "tools"}, &variables));
  absl::StatusOr<std::string> text = RenderTemplate(program_->statements, variables, inputs.now);
  if (!text.ok()) return Annotate(text.status(), kErrorPrefix);
  return text;
}

}  // namespace assay::engine
