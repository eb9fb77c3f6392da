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
#include "base/text_marks.h"
#include "engine/chat/data_marks.h"
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

bool IsByModel(const ChatTurn& turn) { return turn.role == "assistant" || turn.role == "model"; }

// Makes a message without its role.
jinja::Result MakeContents(const ChatTurn& turn, const std::string& what) {
  jinja::Map message;
  RETURN_IF_ERROR(message.Set(jinja::Value::String("content"), jinja::Value::String(turn.content)));
  RETURN_IF_ERROR(AddMembers(turn.fields, what, {"role"}, &message));
  return MakeMap(std::move(message));
}

// Returns the messages, with the marks of `marks` in all but the roles.
jinja::Result MakeMessages(const std::vector<ChatTurn>& turns, const jinja::List& contents,
                           const DataMarks& marks) {
  jinja::List messages;
  messages.reserve(turns.size());
  for (size_t i = 0; i < turns.size(); ++i) {
    ASSIGN_OR_RETURN(const jinja::Value marked, marks.Mark(contents[i], IsByModel(turns[i])));
    jinja::Map message;
    RETURN_IF_ERROR(message.Set(jinja::Value::String("role"), jinja::Value::String(turns[i].role)));
    for (const auto& [name, value] : marked.AsMap()->entries()) {
      if (!value.IsNone()) RETURN_IF_ERROR(message.Set(name, value));
    }
    ASSIGN_OR_RETURN(jinja::Value made, MakeMap(std::move(message)));
    messages.push_back(std::move(made));
  }
  return MakeList(std::move(messages));
}

jinja::Result ReadTools(const std::string& json) {
  if (json.empty()) return jinja::Value::None();
  jinja::Result tools = jinja::ReadJson(json, "tools");
  if (tools.ok() && tools->AsSequence() == nullptr) {
    return absl::InvalidArgumentError("tools: is not a JSON list");
  }
  return tools;
}

absl::StatusOr<jinja::Map> MakeVariables(const ChatTemplateInputs& inputs,
                                         const jinja::List& contents, const jinja::Value& tools,
                                         const jinja::Value& others, const DataMarks& marks) {
  ASSIGN_OR_RETURN(jinja::Value messages, MakeMessages(inputs.messages, contents, marks));
  ASSIGN_OR_RETURN(jinja::Value marked_tools, marks.Mark(tools, /*by_model=*/false));
  ASSIGN_OR_RETURN(const jinja::Value marked_others, marks.Mark(others, /*by_model=*/false));
  jinja::Map variables;
  const auto set = [&](const std::string& name, jinja::Value value) {
    return variables.Set(jinja::Value::String(name), std::move(value));
  };
  RETURN_IF_ERROR(set("messages", std::move(messages)));
  RETURN_IF_ERROR(set("tools", std::move(marked_tools)));
  // transformers passes None if the caller passes no documents.
  RETURN_IF_ERROR(set("documents", jinja::Value::None()));
  RETURN_IF_ERROR(set("add_generation_prompt", jinja::Value{inputs.add_generation_prompt}));
  for (const auto& [name, spelling] : inputs.special_tokens) {
    RETURN_IF_ERROR(set(name, jinja::Value::String(spelling)));
  }
  for (const auto& [name, value] : marked_others.AsMap()->entries()) {
    RETURN_IF_ERROR(variables.Set(name, value));
  }
  return variables;
}

}  // namespace

struct ChatTemplate::Program {
  std::string source;
  std::vector<jinja::Statement> statements;
};

ChatTemplate::ChatTemplate(std::unique_ptr<Program> program) : program_(std::move(program)) {}
ChatTemplate::~ChatTemplate() = default;

std::string_view ChatTemplate::source() const { return program_->source; }

absl::StatusOr<std::unique_ptr<ChatTemplate>> ChatTemplate::Parse(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("chat template: has ", source.size(), " bytes; at most ", kMaxSourceBytes));
  }
  absl::StatusOr<std::vector<jinja::Statement>> statements = jinja::ParseTemplate(source);
  if (!statements.ok()) return Annotate(statements.status(), kErrorPrefix);
  return std::unique_ptr<ChatTemplate>(new ChatTemplate(
      std::make_unique<Program>(Program{std::string(source), *std::move(statements)})));
}

absl::StatusOr<RenderedPrompt> ChatTemplate::Render(const ChatTemplateInputs& inputs) const {
  jinja::List contents;
  contents.reserve(inputs.messages.size());
  for (const ChatTurn& turn : inputs.messages) {
    ASSIGN_OR_RETURN(jinja::Value message,
                     MakeContents(turn, absl::StrCat("messages[", contents.size(), "].fields")));
    contents.push_back(std::move(message));
  }
  ASSIGN_OR_RETURN(const jinja::Value tools, ReadTools(inputs.tools));
  jinja::Map given;
  RETURN_IF_ERROR(AddMembers(inputs.variables, "variables", {"messages", "tools"}, &given));
  ASSIGN_OR_RETURN(const jinja::Value others, MakeMap(std::move(given)));

  DataMarks marks(inputs.guard);
  for (size_t i = 0; i < contents.size(); ++i) {
    marks.Read(contents[i], IsByModel(inputs.messages[i]));
  }
  marks.Read(tools, /*by_model=*/false);
  marks.Read(others, /*by_model=*/false);
  RETURN_IF_ERROR(marks.Choose(program_->source));
  const absl::StatusOr<jinja::Map> variables =
      MakeVariables(inputs, contents, tools, others, marks);
  if (!variables.ok()) return Annotate(variables.status(), kErrorPrefix);
  absl::StatusOr<std::string> text = RenderTemplate(program_->statements, *variables, inputs.now);
  if (!text.ok()) return Annotate(text.status(), kErrorPrefix);
  MarkedText prompt = marks.Unmark(*std::move(text));
  return RenderedPrompt{.text = std::move(prompt.text), .barriers = std::move(prompt.offsets)};
}

}  // namespace assay::engine
