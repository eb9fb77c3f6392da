// The abstract syntax tree of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_AST_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_AST_H_

#include <string>
#include <vector>

#include "engine/jinja/values/value.h"

namespace assay::jinja {

// The place of a variable: slot `slot` of the activation that is `hops` functions further out. The
// template itself, macros, call blocks, recursive loops and the conditions of loops are functions.
struct Variable {
  int hops = 0;
  int slot = -1;
};

// What happens to a variable of a frame when the frame is entered.
struct FrameEntry {
  enum class Kind {
    kParameter,  // Nothing: what enters the frame sets it.
    kGlobal,     // It becomes the variable `name` that the template is rendered with.
    kAlias,      // It becomes the value of `source`.
    kUndefined,
  };
  Kind kind = Kind::kUndefined;
  int slot = -1;
  std::string name;
  Variable source;
};

// A scope of names: the template, the body of a loop, macro, with, filter block or set block.
struct Frame {
  std::vector<FrameEntry> entries;
};

// Chains are flat (a + b - c is one expression with three operands), so that the parser's limit on
// nesting also bounds the depth of the tree.
enum class ExpressionKind {
  kLiteral,    // value
  kName,       // name, which `variable` holds
  kBlockText,  // the text of the block that a filter applies to
  kAttribute,  // operands[0].name
  kIndex,      // operands[0][operands[1]]
  kSlice,      // operands[0][operands[1] : operands[2] : operands[3]]; an absent bound is None
  kUnary,      // name ("not", "-", "+") operands[0]
  kChain,      // operands[0] names[0] operands[1] names[1] ..., from left to right
  kLogical,    // name ("and", "or") between the operands
  kCompare,    // operands[0] names[0] operands[1] and operands[1] names[1] operands[2] ...
  kConcat,     // operands joined with ~
  kIf,         // operands[0] if operands[1] else operands[2]
  kTest,       // operands[0] is name(arguments)
  kFilter,     // operands[0] | name(arguments)
  kCall,       // operands[0](arguments)
  kList,       // [operands...]
  kTuple,      // (operands...)
  kDict,       // {operands[0]: operands[1], ...}
};

// How jinja2 computes a constant with slices when it compiles the template. There, a slice of a
// value that has no slices is undefined and not an error.
enum class Folding {
  kNone,     // not at all
  kSafe,     // if the result is something that Python code can contain, such as no undefined value
  kPrinted,  // in any case, because it is printed
};

// The arguments of a call, test or filter are the operands after the first: the positional ones,
// names.size() named ones, *list if has_list, **map if has_map.
struct Expression {
  ExpressionKind kind;
  int line;
  std::string name;
  Value value;
  std::vector<Expression> operands;
  std::vector<std::string> names;
  bool has_list = false;
  bool has_map = false;
  Folding folding = Folding::kNone;
  Variable variable;
};

enum class StatementKind {
  kTemplate,  // the whole template: body
  kText,      // text
  kPrint,     // expression
  kIf,        // branches in order; an else has the literal true, named "else", as its condition
  kFor,       // for target in expression if filter: body, else otherwise
  kSet,       // target = expression
  kSetBlock,  // target = the output of body, through expression
  kFilter,    // prints the output of body, through expression
  kWith,      // targets = defaults: body
  kMacro,     // text(targets = defaults): body
  kCall,      // prints expression (a call), with body as its caller(targets = defaults)
  kScope,     // a `generation` block: prints the output of body, which is a function
  kBreak,
  kContinue,
};

// The target of an assignment: a name, name.attribute of a namespace, or several targets to unpack
// into.
struct Target {
  std::string name;
  std::string attribute;
  std::vector<Target> items;
  Variable variable;
  // True for (a,), which has one item and unpacks.
  bool is_tuple = false;
};

struct Statement {
  struct Branch;

  StatementKind kind;
  int line;
  std::string text;
  Target target;
  Expression expression;
  std::vector<Expression> filter;  // Empty or one expression.
  std::vector<Branch> branches;
  std::vector<Statement> body;
  std::vector<Statement> otherwise;
  std::vector<Target> targets;
  // A macro has defaults for its last targets, a `with` for all of them.
  std::vector<Expression> defaults;
  bool recursive = false;
  // True for {% print a, b %}, whose expression joins what it prints.
  bool prints_all = false;

  // What ResolveNames() adds: the frames of body, otherwise and filter, and the number of variables
  // of the functions that body and filter are, if they are.
  Frame frame;
  Frame otherwise_frame;
  Frame filter_frame;
  int slots = 0;
  int filter_slots = 0;
  Target filter_target;
  // The slots of the loop variable `loop`, and of a macro's special variables; -1 if body does not
  // use them.
  int loop_slot = -1;
  int caller_slot = -1;
  int kwargs_slot = -1;
  int varargs_slot = -1;
  // True if a macro reads `caller`, also if that is a parameter.
  bool uses_caller = false;
};

struct Statement::Branch {
  Expression condition;
  std::vector<Statement> body;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_AST_H_
