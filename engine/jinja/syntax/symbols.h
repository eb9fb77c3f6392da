// The names of a scope of a template, as jinja2's compiler finds them.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_SYMBOLS_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_SYMBOLS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/jinja/syntax/ast.h"

namespace assay::jinja {

// The variables of one function of a template. Variables of the same name and level of nesting
// share a slot, as they share a Python variable in jinja2.
struct FunctionSlots {
  const FunctionSlots* outer = nullptr;
  std::map<std::string, int> slots;
};

// The names of one scope. It follows jinja2's idtracking.Symbols: a name that is assigned anywhere
// in a scope is a variable of the scope from the scope's beginning, a name that is only read is
// that of the enclosing scope. Not thread-safe.
class Symbols {
 public:
  // How the variable of a name begins.
  struct Load {
    FrameEntry::Kind kind = FrameEntry::Kind::kUndefined;
    std::string source;  // The identifier of an alias.
  };

  // `parent` and `function` must outlive the symbols; `parent` is null for the template.
  Symbols(const Symbols* parent, FunctionSlots* function)
      : parent_(parent), function_(function), level_(parent == nullptr ? 0 : parent->level_ + 1) {}

  void StoreName(const std::string& name);
  void LoadName(const std::string& name);
  void DeclareParameter(const std::string& name);
  // Merges what the branches of an `if`, which began as copies of these symbols, have found.
  void MergeBranches(const std::vector<Symbols>& branches);

  // Returns the variable of `name`, with a slot of -1 if the scope does not know the name.
  // `function` is the function that uses it.
  Variable Find(const std::string& name, const FunctionSlots& function) const;
  // Returns the entries of the scope's variables, in an order in which aliases can be resolved.
  Frame MakeFrame() const;

 private:
  // Returns the identifier of `name` in this scope or an enclosing one; "" if there is none.
  std::string FindIdentifier(const std::string& name) const;
  Variable FindVariable(const std::string& identifier, const FunctionSlots& function) const;
  void Define(const std::string& name, Load load);

  const Symbols* parent_;
  FunctionSlots* function_;
  int level_;
  std::map<std::string, std::string> identifiers_;
  // By identifier.
  std::map<std::string, Load> loads_;
  std::map<std::string, std::string> names_;
  std::set<std::string> stores_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_SYMBOLS_H_
