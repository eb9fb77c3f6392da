// Runs a compiled template: scopes, loops and bounds; template_operators.cc has what values can do.
#include "engine/text/template_interpreter.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/text/template_operators.h"

namespace assay::engine {
namespace {

using Value = TemplateValue;
using Evaluated = absl::StatusOr<Value>;

constexpr int64_t kMaxSteps = 1'000'000;
constexpr int64_t kBytesAStep = 256;
constexpr size_t kMaxOutputBytes = size_t{4} << 20;

absl::Status At(int line, const absl::Status& status) {
  return {status.code(), absl::StrCat("line ", line, ": ", status.message())};
}

class Interpreter {
 public:
  explicit Interpreter(TemplateMap variables) { scopes_.push_back(std::move(variables)); }

  absl::StatusOr<std::string> Run(const std::vector<Statement>& program) {
    if (absl::Status s = Body(program); !s.ok()) return s;
    return std::move(out_);
  }

 private:
  absl::Status Step(int line, int64_t steps = 1) {
    steps_ += steps;
    if (steps_ <= kMaxSteps) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("line ", line, ": the template takes more than ", kMaxSteps, " steps"));
  }

  absl::Status Write(int line, const std::string& text) {
    if (text.size() > kMaxOutputBytes - out_.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", line, ": the template writes more than ", kMaxOutputBytes, " bytes"));
    }
    out_ += text;
    return absl::OkStatus();
  }

  absl::Status Body(const std::vector<Statement>& body) {
    for (const Statement& statement : body) {
      if (absl::Status s = Step(statement.line); !s.ok()) return s;
      if (absl::Status s = Execute(statement); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status Execute(const Statement& statement) {
    switch (statement.kind) {
      case StatementKind::kText:
        return Write(statement.line, statement.text);
      case StatementKind::kPrint: {
        const Evaluated value = Evaluate(statement.expression);
        if (!value.ok()) return value.status();
        const absl::StatusOr<std::string> text = TextOf(*value);
        if (!text.ok()) return At(statement.line, text.status());
        return Write(statement.line, *text);
      }
      case StatementKind::kSet: {
        Evaluated value = Evaluate(statement.expression);
        if (!value.ok()) return value.status();
        scopes_.back()[statement.text] = *std::move(value);
        return absl::OkStatus();
      }
      case StatementKind::kIf:
        return If(statement);
      case StatementKind::kFor:
        return For(statement);
    }
    return absl::InternalError("statement of an unknown kind");
  }

  absl::Status If(const Statement& statement) {
    for (const Statement::Branch& branch : statement.branches) {
      const Evaluated condition = Evaluate(branch.condition);
      if (!condition.ok()) return condition.status();
      if (condition->Truth()) return Body(branch.body);
    }
    return absl::OkStatus();
  }

  absl::Status For(const Statement& statement) {
    const Evaluated items = Evaluate(statement.expression);
    if (!items.ok()) return items.status();
    if (items->IsUndefined()) return absl::OkStatus();
    const TemplateList* list = items->AsList();
    if (list == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("line ", statement.line, ": for over ",
                                                     TypeName(*items), ", which is not a list"));
    }
    for (size_t i = 0; i < list->size(); ++i) {
      if (absl::Status s = Step(statement.line); !s.ok()) return s;
      // Jinja: what a loop's body sets is gone after each round.
      scopes_.emplace_back();
      scopes_.back()[statement.text] = (*list)[i];
      scopes_.back()["loop"] = Loop(*list, i);
      const absl::Status status = Body(statement.body);
      scopes_.pop_back();
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  static Value Loop(const TemplateList& list, size_t i) {
    const auto index = static_cast<int64_t>(i);
    const auto length = static_cast<int64_t>(list.size());
    TemplateMap loop = {{"index", Value{index + 1}},
                        {"index0", Value{index}},
                        {"revindex", Value{length - index}},
                        {"revindex0", Value{length - index - 1}},
                        {"first", Value{i == 0}},
                        {"last", Value{i + 1 == list.size()}},
                        {"length", Value{length}}};
    if (i > 0) loop["previtem"] = list[i - 1];
    if (i + 1 < list.size()) loop["nextitem"] = list[i + 1];
    return Value::Map(std::move(loop));
  }

  Value Lookup(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto it = scope->find(name); it != scope->end()) return it->second;
    }
    return Value{};
  }

  Evaluated Evaluate(const Expression& e) {
    if (absl::Status s = Step(e.line); !s.ok()) return s;
    switch (e.kind) {
      case ExpressionKind::kLiteral:
        return e.value;
      case ExpressionKind::kName: {
        Value value = Lookup(e.name);
        const auto* text = value.As<std::string>();
        if (text == nullptr) return value;
        // Reading a text copies it: long ones count for more than a step.
        if (absl::Status s = Step(e.line, static_cast<int64_t>(text->size()) / kBytesAStep);
            !s.ok()) {
          return s;
        }
        return value;
      }
      case ExpressionKind::kIf: {
        const Evaluated condition = Evaluate(e.operands[1]);
        if (!condition.ok()) return condition.status();
        return Evaluate(e.operands[condition->Truth() ? 0 : 2]);
      }
      case ExpressionKind::kBinary:
        if (e.name == "and" || e.name == "or") return Logical(e);
        break;
      default:
        break;
    }
    std::vector<Value> operands;
    for (const Expression& operand : e.operands) {
      Evaluated value = Evaluate(operand);
      if (!value.ok()) return value;
      operands.push_back(*std::move(value));
    }
    Evaluated result = Apply(e, std::move(operands));
    if (result.ok()) return result;
    return At(e.line, result.status());
  }

  // The operand that decides, as in Python.
  Evaluated Logical(const Expression& e) {
    Evaluated left = Evaluate(e.operands[0]);
    if (!left.ok() || left->Truth() == (e.name == "or")) return left;
    return Evaluate(e.operands[1]);
  }

  static Evaluated Apply(const Expression& e, std::vector<Value> operands) {
    switch (e.kind) {
      case ExpressionKind::kIndex:
        return IndexValue(operands[0], operands[1]);
      case ExpressionKind::kSlice:
        return SliceValue(operands[0], operands[1], operands[2]);
      case ExpressionKind::kUnary:
        return UnaryValue(e.name, operands[0]);
      case ExpressionKind::kBinary:
        return BinaryValue(e.name, operands[0], operands[1]);
      case ExpressionKind::kTest:
        return Value{TestValue(e.name, operands[0])};
      case ExpressionKind::kFilter:
        return FilterValue(e.name, operands[0]);
      case ExpressionKind::kMethod:
        return CallMethod(e.name, operands);
      case ExpressionKind::kList:
        return Value::List(std::move(operands));
      case ExpressionKind::kCall:
        return RaiseException(operands);
      default:
        return absl::InternalError("expression of an unknown kind");
    }
  }

  std::vector<TemplateMap> scopes_;
  std::string out_;
  int64_t steps_ = 0;
};

}  // namespace

absl::StatusOr<std::string> RunTemplate(const std::vector<Statement>& program,
                                        TemplateMap variables) {
  return Interpreter(std::move(variables)).Run(program);
}

}  // namespace assay::engine
