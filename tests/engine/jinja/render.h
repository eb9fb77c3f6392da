// Renders a template for tests.
#ifndef ASSAY_TESTS_ENGINE_JINJA_RENDER_H_
#define ASSAY_TESTS_ENGINE_JINJA_RENDER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "engine/jinja/interpreter.h"
#include "engine/jinja/syntax/parser.h"
#include "engine/jinja/values/json.h"

namespace assay::jinja {

// Parses `source` and renders it with the members of the JSON object `variables`.
inline absl::StatusOr<std::string> Render(std::string_view source,
                                          std::string_view variables = "{}") {
  ASSIGN_OR_RETURN(const std::vector<Statement> program, ParseTemplate(source));
  ASSIGN_OR_RETURN(const Value map, ReadJson(variables, "variables"));
  return RenderTemplate(program, *map.AsMap(), absl::UnixEpoch());
}

}  // namespace assay::jinja

#endif  // ASSAY_TESTS_ENGINE_JINJA_RENDER_H_
