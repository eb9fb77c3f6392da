// Filters of a template: value | name(arguments).
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_FILTERS_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_FILTERS_H_

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/text/template_arguments.h"
#include "engine/text/template_budget.h"
#include "engine/text/template_value.h"

namespace assay::engine {

// One use of a filter.
struct FilterCall {
  std::string_view name;
  const TemplateValue& value;
  const TemplateArguments& arguments;
  TemplateBudget& budget;
};
// The call's arguments under `names`, the first `required` of which must be there.
absl::StatusOr<BoundArguments> BindFilter(const FilterCall& call,
                                          std::initializer_list<std::string_view> names,
                                          size_t required = 0);

using TemplateFilter = absl::StatusOr<TemplateValue> (*)(const FilterCall&);
using TemplateFilters = absl::flat_hash_map<std::string_view, TemplateFilter>;

bool IsTemplateFilter(std::string_view name);

// INVALID_ARGUMENT: what jinja2 refuses, bounds. UNIMPLEMENTED: a name that is no filter.
absl::StatusOr<TemplateValue> RunTemplateFilter(const FilterCall& call);

// The parts of the table.
const TemplateFilters& TextFilters();
const TemplateFilters& NumberFilters();
const TemplateFilters& SequenceFilters();
const TemplateFilters& SelectFilters();

// jinja2's attribute paths: "function.name", "0.id" or a number. Undefined if a part is missing.
absl::StatusOr<TemplateValue> AttributeAt(const TemplateValue& value, const TemplateValue& path);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_FILTERS_H_
