// The functions that every template has.
#include "engine/jinja/builtins/functions.h"

#include <cstdint>
#include <memory>
#include <optional>
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
#include "engine/jinja/builtins/helpers.h"
#include "engine/jinja/builtins/local_time.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/index.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

Result RaiseException(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::Bind("raise_exception", arguments, {"message"}, 1));
  ASSIGN_OR_RETURN(const std::string message, ToString(*bound.Get("message")));
  return absl::InvalidArgumentError(message);
}

Result Range(const Arguments& arguments) {
  const bool only_stop = arguments.positional.size() == 1;
  ASSIGN_OR_RETURN(
      const auto bound,
      only_stop ? BoundArguments::BindPositional("range", arguments, {"stop"}, 1)
                : BoundArguments::BindPositional("range", arguments, {"start", "stop", "step"}, 2));
  ASSIGN_OR_RETURN(const int64_t start, bound.GetInteger("start", 0));
  ASSIGN_OR_RETURN(const int64_t stop, bound.GetInteger("stop", 0));
  ASSIGN_OR_RETURN(const int64_t step, bound.GetInteger("step", 1));
  return MakeRange(start, stop, step);
}

// Adds the pairs of an iterable to `map`.
absl::Status AddPairs(const Value& pairs, Map* map, Budget& budget) {
  ASSIGN_OR_RETURN(const List items, GetItems(pairs, budget));
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(const List pair, GetItems(item, budget));
    if (pair.size() != 2) return TypeError("dict", "pairs of a key and a value", item);
    RETURN_IF_ERROR(SpendKey(pair[0], budget));
    RETURN_IF_ERROR(map->Set(pair[0], pair[1]));
  }
  return absl::OkStatus();
}

// Reads the arguments of dict(...) and namespace(...): an optional dictionary or iterable of pairs,
// then named values.
absl::StatusOr<Map> ReadMapArguments(std::string_view function, const Arguments& arguments,
                                     Budget& budget) {
  Map map;
  const List& given = arguments.positional;
  if (given.size() > 1 || (!given.empty() && given[0].IsUndefined())) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(function), " takes at most one dictionary, and named values"));
  }
  if (!given.empty() && given[0].AsMap() != nullptr) {
    map = *given[0].AsMap();
    RETURN_IF_ERROR(budget.SpendItems(map.entries().size() * 4));
  } else if (!given.empty()) {
    RETURN_IF_ERROR(AddPairs(given[0], &map, budget));
  }
  for (const auto& [name, value] : arguments.named) {
    RETURN_IF_ERROR(map.Set(Value::String(name), value));
  }
  return map;
}

// The function `dict`, which has the method fromkeys().
class DictFunction : public Object {
 public:
  explicit DictFunction(Run& run) : run_(run) {}
  std::string TypeName() const override { return "dict function"; }
  bool IsCallable() const override { return true; }
  Result Call(const Arguments& arguments) override {
    ASSIGN_OR_RETURN(Map map, ReadMapArguments("dict", arguments, run_.budget()));
    return MakeMap(std::move(map));
  }
  absl::StatusOr<std::optional<Value>> Attribute(std::string_view name) override {
    if (name != "fromkeys") return std::nullopt;
    ASSIGN_OR_RETURN(
        Value method,
        run_.Own(std::make_unique<Function>(
            [this](const Arguments& arguments) { return MapFromKeys(arguments, run_); },
            "method")));
    return method;
  }

 private:
  Run& run_;
};

Result MakeCycler(const Arguments& arguments, Run& run) {
  if (!arguments.named.empty() || arguments.positional.empty()) {
    return absl::InvalidArgumentError("cycler needs at least one positional argument");
  }
  return run.Own(std::make_unique<Cycler>(arguments.positional, run));
}

Result MakeJoiner(const Arguments& arguments, Run& run) {
  ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind("joiner", arguments, {"sep"}));
  return run.Own(std::make_unique<Joiner>(bound.GetOr("sep", Value::String(", "))));
}

Result Strftime(absl::Time now, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::Bind("strftime_now", arguments, {"format"}, 1));
  ASSIGN_OR_RETURN(const std::string format, bound.GetString("format", ""));
  ASSIGN_OR_RETURN(std::string text, FormatLocalTime(now, format));
  return Value::String(std::move(text));
}

}  // namespace

absl::StatusOr<std::vector<std::pair<std::string, Value>>> BuiltinFunctions(absl::Time now,
                                                                            Run& run) {
  std::vector<std::pair<std::string, std::unique_ptr<Object>>> functions;
  const auto add = [&](const char* name, Function::Body body) {
    functions.emplace_back(name, std::make_unique<Function>(std::move(body)));
  };
  add("raise_exception", RaiseException);
  add("range", Range);
  add("strftime_now", [now](const Arguments& arguments) { return Strftime(now, arguments); });
  add("namespace", [&run](const Arguments& arguments) -> Result {
    ASSIGN_OR_RETURN(Map map, ReadMapArguments("namespace", arguments, run.budget()));
    return Namespace::Make(std::move(map), run);
  });
  add("cycler", [&run](const Arguments& arguments) { return MakeCycler(arguments, run); });
  add("joiner", [&run](const Arguments& arguments) { return MakeJoiner(arguments, run); });
  add("lipsum", [](const Arguments&) -> Result {
    return absl::UnimplementedError("lipsum() is not supported, because its text is random");
  });
  functions.emplace_back("dict", std::make_unique<DictFunction>(run));
  std::vector<std::pair<std::string, Value>> out;
  for (auto& [name, function] : functions) {
    ASSIGN_OR_RETURN(Value value, run.Own(std::move(function)));
    out.emplace_back(name, std::move(value));
  }
  return out;
}

}  // namespace assay::jinja
