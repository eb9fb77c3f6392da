// The filters of a template: value | name(arguments).
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_FILTERS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_FILTERS_H_

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// One use of a filter. The caller owns all that it refers to.
struct FilterCall {
  std::string_view name;
  const Value& value;
  const Arguments& arguments;
  Budget& budget;
};
// Binds the call's arguments to `parameters`, of which the first `required` must be present.
absl::StatusOr<BoundArguments> BindFilter(const FilterCall& call,
                                          std::initializer_list<std::string_view> parameters,
                                          size_t required = 0);

using Filter = Result (*)(const FilterCall&);
using Filters = absl::flat_hash_map<std::string_view, Filter>;

bool IsFilter(std::string_view name);

// Returns INVALID_ARGUMENT for what jinja2 refuses and for results beyond the limits of value.h,
// UNIMPLEMENTED for a name that is not a filter.
Result ApplyFilter(const FilterCall& call);

// The filters by name, in four tables.
const Filters& StringFilters();
const Filters& NumberFilters();
const Filters& SequenceFilters();
const Filters& SelectFilters();

// Resolves jinja2's attribute path: "function.name", "0.id" or a number. Returns undefined if the
// last part is missing, and INVALID_ARGUMENT if an earlier one is.
Result ResolvePath(const Value& value, const Value& path);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_FILTERS_H_
