// Filters of a template: value | name(arguments).
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

// One use of a filter.
struct FilterCall {
  std::string_view name;
  const Value& value;
  const Arguments& arguments;
  Budget& budget;
};
// The call's arguments under `names`, the first `required` of which must be there.
absl::StatusOr<BoundArguments> BindFilter(const FilterCall& call,
                                          std::initializer_list<std::string_view> names,
                                          size_t required = 0);

using Filter = absl::StatusOr<Value> (*)(const FilterCall&);
using Filters = absl::flat_hash_map<std::string_view, Filter>;

bool IsTemplateFilter(std::string_view name);

// INVALID_ARGUMENT: what jinja2 refuses, bounds. UNIMPLEMENTED: a name that is no filter.
absl::StatusOr<Value> RunTemplateFilter(const FilterCall& call);

// The parts of the table.
const Filters& TextFilters();
const Filters& NumberFilters();
const Filters& SequenceFilters();
const Filters& SelectFilters();

// jinja2's attribute paths: "function.name", "0.id" or a number. Undefined if a part is missing.
absl::StatusOr<Value> AttributeAt(const Value& value, const Value& path);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_FILTERS_H_
