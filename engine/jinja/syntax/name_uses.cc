// Finds uses of special names in a part of a template.
#include "engine/jinja/syntax/name_uses.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace assay::jinja {
namespace {

// Visits a tree in the order of jinja2's nodes.
class UndeclaredFinder {
 public:
  explicit UndeclaredFinder(std::set<std::string> names) : names_(std::move(names)) {}

  void Visit(const std::vector<Statement>& body) {
    for (const Statement& statement : body) Visit(statement);
  }
  std::set<std::string> Found() && { return std::move(found_); }

 private:
  void Visit(const Statement& statement) {
    using Kind = StatementKind;
    switch (statement.kind) {
      case Kind::kFor:
        Visit(statement.target);
        Visit(statement.expression);
        Visit(statement.body);
        Visit(statement.otherwise);
        VisitAll(statement.filter);
        return;
      case Kind::kIf:
        for (const Statement::Branch& branch : statement.branches) {
          Visit(branch.condition);
          Visit(branch.body);
        }
        return;
      case Kind::kCall:
        Visit(statement.expression);
        [[fallthrough]];
      case Kind::kMacro:
      case Kind::kWith:
        for (const Target& target : statement.targets) Visit(target);
        VisitAll(statement.defaults);
        Visit(statement.body);
        return;
      case Kind::kFilter:
        Visit(statement.body);
        Visit(statement.expression);
        return;
      default:
        Visit(statement.target);
        Visit(statement.expression);
        Visit(statement.body);
        return;
    }
  }

  void VisitAll(const std::vector<Expression>& expressions) {
    for (const Expression& expression : expressions) Visit(expression);
  }

  void Visit(const Expression& expression) {
    if (expression.kind == ExpressionKind::kName && names_.contains(expression.name)) {
      found_.insert(expression.name);
    }
    VisitAll(expression.operands);
  }

  void Visit(const Target& target) {
    // An attribute of a namespace is no assignment to its name.
    if (target.attribute.empty()) names_.erase(target.name);
    for (const Target& item : target.items) Visit(item);
  }

  std::set<std::string> names_;
  std::set<std::string> found_;
};

bool IsAssigned(const Target& target, const std::string& name) {
  if (target.name == name && target.attribute.empty()) return true;
  return std::any_of(target.items.begin(), target.items.end(),
                     [&](const Target& item) { return IsAssigned(item, name); });
}

bool AnyAssigns(const std::vector<Statement>& body, const std::string& name) {
  return std::any_of(body.begin(), body.end(),
                     [&](const Statement& statement) { return AssignsName(statement, name); });
}

}  // namespace

std::set<std::string> FindUndeclared(const std::vector<Statement>& body,
                                     std::set<std::string> names) {
  UndeclaredFinder finder(std::move(names));
  finder.Visit(body);
  return std::move(finder).Found();
}

bool AssignsName(const Statement& statement, const std::string& name) {
  return IsAssigned(statement.target, name) || AnyAssigns(statement.body, name) ||
         AnyAssigns(statement.otherwise, name) ||
         std::any_of(statement.branches.begin(), statement.branches.end(),
                     [&](const auto& branch) { return AnyAssigns(branch.body, name); });
}

}  // namespace assay::jinja
