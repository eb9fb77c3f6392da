// Binds the arguments of a call to the parameters of a built-in.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_ARGUMENTS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_ARGUMENTS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// The arguments of one call, by the names of the function's parameters. The typed getters return
// `fallback` for an argument that is absent, and INVALID_ARGUMENT for one of another type.
class BoundArguments {
 public:
  // No string or list is as long.
  static constexpr int64_t kClampLimit = int64_t{1} << 40;

  // Binds `arguments` to `parameters`, of which the first `required` must be present. Returns
  // INVALID_ARGUMENT for too many arguments, an unknown or duplicated name, or a missing argument.
  static absl::StatusOr<BoundArguments> Bind(std::string_view function, const Arguments& arguments,
                                             std::initializer_list<std::string_view> parameters,
                                             size_t required = 0);

  // As Bind(), for a function that takes no argument by name.
  static absl::StatusOr<BoundArguments> BindPositional(
      std::string_view function, const Arguments& arguments,
      std::initializer_list<std::string_view> parameters, size_t required = 0);

  // Returns null if the argument is absent.
  const Value* Get(std::string_view name) const;
  Value GetOr(std::string_view name, Value fallback) const;
  // Reads any value by its truth.
  bool GetBool(std::string_view name, bool fallback) const;
  absl::StatusOr<int64_t> GetInteger(std::string_view name, int64_t fallback) const;
  // Reads an integer of any size. One beyond +-kClampLimit becomes the limit.
  absl::StatusOr<int64_t> GetClamped(std::string_view name, int64_t fallback) const;
  absl::StatusOr<std::string> GetString(std::string_view name, std::string_view fallback) const;

 private:
  std::string function_;
  absl::flat_hash_map<std::string, Value> values_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_ARGUMENTS_H_
