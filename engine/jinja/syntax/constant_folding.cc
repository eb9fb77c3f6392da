// What jinja2's compiler computes before a template runs.
#include "engine/jinja/syntax/constant_folding.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::jinja {
namespace {

// True if jinja2 computes the expression when it compiles the template.
bool IsConstant(const Expression& e) {
  switch (e.kind) {
    case ExpressionKind::kName:
    case ExpressionKind::kBlockText:
    case ExpressionKind::kAttribute:
    case ExpressionKind::kCall:
      return false;
    case ExpressionKind::kFilter:
      for (const char* lazy : {"map", "select", "reject", "selectattr", "rejectattr"}) {
        if (e.name == lazy) return false;
      }
      break;
    default:
      break;
  }
  return std::all_of(e.operands.begin(), e.operands.end(), IsConstant);
}

bool HasSlice(const Expression& e) {
  return e.kind == ExpressionKind::kSlice ||
         std::any_of(e.operands.begin(), e.operands.end(), HasSlice);
}

// Marks the largest constants of an expression that have slices.
void MarkWithin(Expression& expression, Folding folding) {
  if (!IsConstant(expression)) {
    for (Expression& operand : expression.operands) MarkWithin(operand, Folding::kSafe);
  } else if (HasSlice(expression)) {
    expression.folding = folding;
  }
}

// True for a literal that cannot be the key of a dictionary.
bool IsUnhashable(const Expression& e) {
  if (e.kind == ExpressionKind::kList || e.kind == ExpressionKind::kDict) return true;
  return e.kind == ExpressionKind::kTuple &&
         std::any_of(e.operands.begin(), e.operands.end(), IsUnhashable);
}

// `computed` is true within operators, calls and filters.
absl::Status CheckKeysWithin(const Expression& e, bool computed) {
  const bool container = e.kind == ExpressionKind::kList || e.kind == ExpressionKind::kTuple ||
                         e.kind == ExpressionKind::kDict;
  const bool constant = e.kind == ExpressionKind::kDict && computed && IsConstant(e);
  for (size_t i = 0; i < e.operands.size(); ++i) {
    if (constant && i % 2 == 0 && IsUnhashable(e.operands[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", e.line, ": a dictionary key cannot be a list or a dictionary"));
    }
    RETURN_IF_ERROR(CheckKeysWithin(e.operands[i], computed || !container));
  }
  return absl::OkStatus();
}

}  // namespace

void MarkPrintedConstants(Statement& print) {
  if (!print.prints_all) return MarkWithin(print.expression, Folding::kPrinted);
  for (Expression& operand : print.expression.operands) MarkWithin(operand, Folding::kPrinted);
}

void MarkConstants(Expression& expression) { MarkWithin(expression, Folding::kSafe); }

absl::Status CheckKeys(const Expression& expression) { return CheckKeysWithin(expression, false); }

}  // namespace assay::jinja
