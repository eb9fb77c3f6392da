// Arguments of filters, tests, methods and functions of a template.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_ARGUMENTS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_ARGUMENTS_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Arguments by the names that a function gives them. The reading functions say what a missing
// argument means and fail with INVALID_ARGUMENT on one of another type.
class BoundArguments {
 public:
  // INVALID_ARGUMENT: more than `names`, an unknown name, one given twice, fewer than `required`.
  static absl::StatusOr<BoundArguments> Bind(std::string_view function, const Arguments& arguments,
                                             std::initializer_list<std::string_view> names,
                                             size_t required = 0);

  // Null if it was not given.
  const Value* Get(std::string_view name) const;
  bool Flag(std::string_view name, bool otherwise) const;
  absl::StatusOr<int64_t> Integer(std::string_view name, int64_t otherwise) const;
  absl::StatusOr<std::string> Text(std::string_view name, std::string_view otherwise) const;

 private:
  std::string function_;
  absl::flat_hash_map<std::string, Value> values_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_ARGUMENTS_H_
