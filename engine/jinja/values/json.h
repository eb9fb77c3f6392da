// Converts between JSON and template values.
#ifndef ASSAY_ENGINE_JINJA_VALUES_JSON_H_
#define ASSAY_ENGINE_JINJA_VALUES_JSON_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Reads JSON as Python's json.loads does: keys keep their order, and the last value of a repeated
// key wins. Integers are exact. Returns INVALID_ARGUMENT, with a message that begins with "NAME: ",
// for invalid JSON, for more than 4 MiB, for more than 90 nested levels and for numbers beyond the
// range of floats.
Result ReadJson(std::string_view text, std::string_view name);

struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  // The indentation of one level. nullopt writes everything on one line.
  std::optional<std::string> indent;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

// Writes JSON as Python's json.dumps does. Returns INVALID_ARGUMENT for values that it refuses
// (undefined, generators, sorted keys without an order) and for results of more than 4 MiB.
absl::StatusOr<std::string> WriteJson(const Value& value, const JsonStyle& style, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_JSON_H_
