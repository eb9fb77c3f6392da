// A model's own chat template.
#include "engine/text/chat_template.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/text/template_interpreter.h"
#include "engine/text/template_parser.h"

namespace assay::engine {
namespace {

constexpr size_t kMaxSourceBytes = size_t{1} << 20;

absl::Status InTemplate(const absl::Status& status) {
  return {status.code(), absl::StrCat("chat template: ", status.message())};
}

}  // namespace

struct ChatTemplate::Program {
  std::vector<Statement> statements;
};

ChatTemplate::ChatTemplate(std::unique_ptr<Program> program) : program_(std::move(program)) {}
ChatTemplate::~ChatTemplate() = default;

absl::StatusOr<std::unique_ptr<ChatTemplate>> ChatTemplate::Parse(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("chat template: has ", source.size(), " bytes; at most ", kMaxSourceBytes));
  }
  absl::StatusOr<std::vector<Statement>> statements = ParseTemplate(source);
  if (!statements.ok()) return InTemplate(statements.status());
  return std::unique_ptr<ChatTemplate>(
      new ChatTemplate(std::make_unique<Program>(Program{*std::move(statements)})));
}

absl::StatusOr<std::string> ChatTemplate::Render(const ChatTemplateInputs& inputs) const {
  TemplateList messages;
  for (const ChatTurn& turn : inputs.messages) {
    messages.push_back(TemplateValue::Map(
        {{"role", TemplateValue{turn.role}}, {"content", TemplateValue{turn.content}}}));
  }
  absl::StatusOr<std::string> text = RunTemplate(
      program_->statements, {{"messages", TemplateValue::List(std::move(messages))},
                             {"add_generation_prompt", TemplateValue{inputs.add_generation_prompt}},
                             // transformers passes None where a caller gives none.
                             {"tools", TemplateValue{TemplateNone{}}},
                             {"documents", TemplateValue{TemplateNone{}}},
                             {"bos_token", TemplateValue{inputs.bos_token}},
                             {"eos_token", TemplateValue{inputs.eos_token}}});
  if (!text.ok()) return InTemplate(text.status());
  return text;
}

}  // namespace assay::engine
