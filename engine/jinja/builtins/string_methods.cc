// The methods of strings: the choice among four tables, and format().
#include "engine/jinja/builtins/string_methods.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/string_format.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/strings.h"

namespace assay::jinja {
namespace {

Result Format(const StringCall& call) {
  return FormatBraces(call.text, call.markup, call.arguments, call.run);
}

Result FormatMap(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"mapping"}, 1));
  // What is no dictionary is an error only if a field needs it.
  const Map none;
  const Map* map = bound.Get("mapping")->AsMap();
  if (map == nullptr) map = &none;
  Arguments arguments;
  RETURN_IF_ERROR(call.run.budget().SpendItems(map->entries().size()));
  for (const auto& [key, value] : map->entries()) {
    if (key.AsString() != nullptr) arguments.named.emplace_back(*key.AsString(), value);
  }
  return FormatBraces(call.text, call.markup, arguments, call.run);
}

Result Encode(const StringCall&) {
  return absl::UnimplementedError("encode() is not supported, because it returns bytes");
}

// Returns null if there is no method of this name.
StringMethod FindMethod(std::string_view name) {
  if (name == "format") return Format;
  if (name == "format_map") return FormatMap;
  if (name == "encode") return Encode;
  for (const StringMethods* methods :
       {&SearchMethods(), &CaseMethods(), &LayoutMethods(), &SplitMethods()}) {
    if (const auto found = methods->find(name); found != methods->end()) return found->second;
  }
  return nullptr;
}

}  // namespace

Result StringCall::MakeList(const std::vector<std::string_view>& parts, SequenceKind kind) const {
  RETURN_IF_ERROR(run.budget().Spend(static_cast<int64_t>(parts.size())));
  List items;
  items.reserve(parts.size());
  for (const std::string_view part : parts) items.push_back(Make(std::string(part)));
  return MakeSequence(kind, std::move(items));
}

absl::StatusOr<std::string> StringCall::GetEscaped(const BoundArguments& bound,
                                                   std::string_view parameter,
                                                   std::string_view fallback) const {
  absl::StatusOr<std::string> given = bound.GetString(parameter, fallback);
  const Value* value = bound.Get(parameter);
  if (!given.ok() || !markup || value == nullptr || value->IsMarkup()) return given;
  return EscapeHtml(*given);
}

bool HasStringMethod(std::string_view name) { return FindMethod(name) != nullptr; }

Result CallStringMethod(const Value& text, std::string_view name, const Arguments& arguments,
                        Run& run) {
  const std::string& receiver = *text.AsString();
  RETURN_IF_ERROR(run.budget().SpendBytes(receiver.size()));
  for (const Value& part : arguments.positional) {
    const std::string* searched = part.AsString();
    if (searched == nullptr) continue;
    RETURN_IF_ERROR(run.budget().SpendSearch(receiver.size(), searched->size()));
  }
  return FindMethod(name)({receiver, name, arguments, text.IsMarkup(), run});
}

}  // namespace assay::jinja
