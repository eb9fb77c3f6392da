// Functions and namespaces that every template has.
#include "engine/jinja/builtins/functions.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"

namespace assay::jinja {
namespace {

using Value = Value;
using Result = absl::StatusOr<Value>;

constexpr size_t kMaxTimeFormatBytes = 256;

Result RaiseException(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::Bind("raise_exception", arguments, {"message"}, 1));
  ASSIGN_OR_RETURN(const std::string message, TextOf(*bound.Get("message")));
  return absl::InvalidArgumentError(message);
}

Result Range(const Arguments& arguments) {
  const bool only_stop = arguments.positional.size() == 1;
  ASSIGN_OR_RETURN(const auto bound,
                   only_stop
                       ? BoundArguments::Bind("range", arguments, {"stop"}, 1)
                       : BoundArguments::Bind("range", arguments, {"start", "stop", "step"}, 2));
  const absl::StatusOr<int64_t> start = bound.Integer("start", 0);
  const absl::StatusOr<int64_t> stop = bound.Integer("stop", 0);
  const absl::StatusOr<int64_t> step = bound.Integer("step", 1);
  for (const auto* number : {&start, &stop, &step}) {
    if (!number->ok()) return number->status();
  }
  if (*step == 0) return absl::InvalidArgumentError("range: the step is 0");
  List items;
  for (int64_t i = *start; *step > 0 ? i < *stop : i > *stop;) {
    if (items.size() == kMaxTemplateItems) {
      return absl::InvalidArgumentError(
          absl::StrCat("range has more than ", kMaxTemplateItems, " items"));
    }
    items.push_back(Value{i});
    if (__builtin_add_overflow(i, *step, &i)) break;
  }
  return MakeSequence(SequenceKind::kRange, std::move(items));
}

// dict(...) and namespace(...): one dictionary, then names.
absl::StatusOr<Map> MapOf(std::string_view function, const Arguments& arguments) {
  Map map;
  if (arguments.positional.size() > 1 ||
      (!arguments.positional.empty() && arguments.positional[0].AsMap() == nullptr)) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(function), " takes one dictionary and named values"));
  }
  if (!arguments.positional.empty()) map = *arguments.positional[0].AsMap();
  for (const auto& [name, value] : arguments.named) {
    RETURN_IF_ERROR(map.Set(Value::Text(name), value));
  }
  return map;
}

Result Dict(const Arguments& arguments) {
  ASSIGN_OR_RETURN(Map map, MapOf("dict", arguments));
  return MakeMap(std::move(map));
}

Result Strftime(absl::Time now, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::Bind("strftime_now", arguments, {"format"}, 1));
  ASSIGN_OR_RETURN(const std::string format, bound.Text("format", ""));
  if (format.size() > kMaxTimeFormatBytes) {
    return absl::InvalidArgumentError(absl::StrCat("strftime_now: a format of ", format.size(),
                                                   " bytes; at most ", kMaxTimeFormatBytes));
  }
  return Value::Text(absl::FormatTime(format, now, absl::LocalTimeZone()));
}

}  // namespace

Value Namespace::Attribute(std::string_view name) {
  const Value* found = values_.Find(name);
  return found == nullptr ? Value{} : *found;
}

absl::Status Namespace::Set(const std::string& name, Value value) {
  return values_.Set(Value::Text(name), std::move(value));
}

std::vector<std::pair<std::string, Value>> BuiltinFunctions(absl::Time now, Objects& objects) {
  std::vector<std::pair<std::string, Value>> functions;
  const auto add = [&](const char* name, Function::Body body) {
    objects.push_back(std::make_unique<Function>(std::move(body)));
    functions.emplace_back(name, Value{objects.back().get()});
  };
  add("raise_exception", RaiseException);
  add("range", Range);
  add("dict", Dict);
  add("strftime_now", [now](const Arguments& arguments) { return Strftime(now, arguments); });
  add("namespace", [&objects](const Arguments& arguments) -> Result {
    ASSIGN_OR_RETURN(Map map, MapOf("namespace", arguments));
    objects.push_back(std::make_unique<Namespace>(std::move(map)));
    return Value{objects.back().get()};
  });
  return functions;
}

}  // namespace assay::jinja
