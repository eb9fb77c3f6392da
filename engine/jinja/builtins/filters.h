// The filters of a template: value | name(arguments).
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_FILTERS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_FILTERS_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/builtins/run.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// One use of a filter. The caller owns all that it refers to.
struct FilterCall {
  std::string_view name;
  const Value& value;
  const Arguments& arguments;
  Run& run;

  // Binds the arguments to `parameters`, of which the first `required` must be present.
  absl::StatusOr<BoundArguments> Bind(std::initializer_list<std::string_view> parameters,
                                      size_t required = 0) const {
    return BoundArguments::Bind(name, arguments, parameters, required);
  }
  // As Bind(), for a filter that takes no argument by name.
  absl::StatusOr<BoundArguments> BindPositional(
      std::initializer_list<std::string_view> parameters) const {
    return BoundArguments::BindPositional(name, arguments, parameters);
  }
  // Converts the value to a string, which spends steps by its size.
  absl::StatusOr<std::string> ReadString() const;
  // As ReadString(), but a string stays as it is, also if it is markup.
  Result ReadSoftString() const;
};

using Filter = Result (*)(const FilterCall&);
using Filters = absl::flat_hash_map<std::string_view, Filter>;

// True if jinja2 has the filter; ApplyFilter() does not support all of them.
bool IsFilter(std::string_view name);
// True if ApplyFilter() supports the filter.
bool IsSupportedFilter(std::string_view name);

// Returns INVALID_ARGUMENT for what jinja2 refuses and for results beyond the limits of value.h,
// UNIMPLEMENTED for a filter that is not supported. The filters that jinja2 implements as
// generators return iterators, which report their errors when they are consumed.
Result ApplyFilter(const FilterCall& call);

// The filters by name, in several tables.
const Filters& StringFilters();
const Filters& TextFilters();
const Filters& WebFilters();
const Filters& JsonFilters();
const Filters& NumberFilters();
const Filters& SequenceFilters();
const Filters& SortFilters();
const Filters& SelectFilters();

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_FILTERS_H_
