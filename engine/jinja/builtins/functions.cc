// The functions and namespaces that every template has.
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
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

constexpr size_t kMaxTimeFormatBytes = 256;

Result RaiseException(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::Bind("raise_exception", arguments, {"message"}, 1));
  ASSIGN_OR_RETURN(const std::string message, ToString(*bound.Get("message")));
  return absl::InvalidArgumentError(message);
}

Result Range(const Arguments& arguments) {
  const bool only_stop = arguments.positional.size() == 1;
  ASSIGN_OR_RETURN(const auto bound,
                   only_stop
                       ? BoundArguments::Bind("range", arguments, {"stop"}, 1)
                       : BoundArguments::Bind("range", arguments, {"start", "stop", "step"}, 2));
  ASSIGN_OR_RETURN(const int64_t start, bound.GetInteger("start", 0));
  ASSIGN_OR_RETURN(const int64_t stop, bound.GetInteger("stop", 0));
  ASSIGN_OR_RETURN(const int64_t step, bound.GetInteger("step", 1));
  if (step == 0) return absl::InvalidArgumentError("range: the step must not be 0");
  List items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (items.size() == kMaxItems) {
      return absl::InvalidArgumentError(absl::StrCat("range: more than ", kMaxItems, " items"));
    }
    items.push_back(Value{i});
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return MakeSequence(SequenceKind::kRange, std::move(items));
}

// Reads the arguments of dict(...) and namespace(...): an optional dictionary, then named values.
absl::StatusOr<Map> ReadMapArguments(std::string_view function, const Arguments& arguments) {
  Map map;
  if (arguments.positional.size() > 1 ||
      (!arguments.positional.empty() && arguments.positional[0].AsMap() == nullptr)) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(function), " takes at most one dictionary, and named values"));
  }
  if (!arguments.positional.empty()) map = *arguments.positional[0].AsMap();
  for (const auto& [name, value] : arguments.named) {
    RETURN_IF_ERROR(map.Set(Value::String(name), value));
  }
  return map;
}

Result Dict(const Arguments& arguments) {
  ASSIGN_OR_RETURN(Map map, ReadMapArguments("dict", arguments));
  return MakeMap(std::move(map));
}

Result Strftime(absl::Time now, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::Bind("strftime_now", arguments, {"format"}, 1));
  ASSIGN_OR_RETURN(const std::string format, bound.GetString("format", ""));
  if (format.size() > kMaxTimeFormatBytes) {
    return absl::InvalidArgumentError(absl::StrCat("strftime_now: a format of ", format.size(),
                                                   " bytes; at most ", kMaxTimeFormatBytes));
  }
  return Value::String(absl::FormatTime(format, now, absl::LocalTimeZone()));
}

}  // namespace

Value Namespace::Attribute(std::string_view name) {
  const Value* found = values_.Find(name);
  return found == nullptr ? Value{} : *found;
}

absl::Status Namespace::Set(const std::string& name, Value value) {
  return values_.Set(Value::String(name), std::move(value));
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
    ASSIGN_OR_RETURN(Map map, ReadMapArguments("namespace", arguments));
    objects.push_back(std::make_unique<Namespace>(std::move(map)));
    return Value{objects.back().get()};
  });
  return functions;
}

}  // namespace assay::jinja
