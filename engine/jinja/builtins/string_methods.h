// The methods of strings.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_STRING_METHODS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_STRING_METHODS_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/builtins/run.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

bool HasStringMethod(std::string_view name);

// Calls text.name(arguments). `text` must be a string, and HasStringMethod(name) must be true. The
// methods of markup return markup and escape what they insert. Returns INVALID_ARGUMENT for what
// Python refuses and for results beyond the limits of value.h, UNIMPLEMENTED for encode(), which
// returns bytes.
Result CallStringMethod(const Value& text, std::string_view name, const Arguments& arguments,
                        Run& run);

// One call of a method. The caller owns all that it refers to.
struct StringCall {
  std::string_view text;
  std::string_view name;
  const Arguments& arguments;
  bool markup;
  Run& run;

  // Binds the arguments, none of which may be given by name.
  absl::StatusOr<BoundArguments> Bind(std::initializer_list<std::string_view> parameters,
                                      size_t required = 0) const {
    return BoundArguments::BindPositional(name, arguments, parameters, required);
  }
  // Returns a value of the receiver's type.
  Value Make(std::string text) const { return Value::String(std::move(text), markup); }
  Result MakeList(const std::vector<std::string_view>& parts, SequenceKind kind) const;
  // Returns the string argument `name`, escaped if the receiver is markup and the argument is not.
  absl::StatusOr<std::string> GetEscaped(const BoundArguments& bound, std::string_view name,
                                         std::string_view fallback) const;
};

using StringMethod = Result (*)(const StringCall&);
using StringMethods = absl::flat_hash_map<std::string_view, StringMethod>;

// The methods by name, in four tables.
const StringMethods& SearchMethods();
const StringMethods& CaseMethods();
const StringMethods& LayoutMethods();
const StringMethods& SplitMethods();

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_STRING_METHODS_H_
