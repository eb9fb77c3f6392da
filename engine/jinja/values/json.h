// JSON and the values of a template.
#ifndef ASSAY_ENGINE_JINJA_VALUES_JSON_H_
#define ASSAY_ENGINE_JINJA_VALUES_JSON_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Reads JSON as Python's json.loads: keys keep their order, of a repeated key the last value
// counts. INVALID_ARGUMENT: bad JSON, more than 4 MiB, nesting beyond 90 levels, whole numbers
// beyond 64 bits; the message begins with `what`.
absl::StatusOr<Value> ReadJson(std::string_view text, std::string_view what);

struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  // What a level is indented with; none: all on one line.
  std::optional<std::string> indent;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

// Writes as Python's json.dumps. INVALID_ARGUMENT: what it refuses (undefined, generators), texts
// beyond 4 MiB.
absl::StatusOr<std::string> WriteJson(const Value& value, const JsonStyle& style);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_JSON_H_
