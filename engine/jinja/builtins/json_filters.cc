// The filters that write a whole value: tojson of transformers, and pprint.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/json.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

constexpr int64_t kMaxIndentation = 1000;
constexpr int64_t kPrintWidth = 80;

absl::StatusOr<std::string> ReadIndentation(const Value& indent) {
  if (const auto* text = indent.AsString()) return *text;
  int64_t count = 0;
  if (!AsInteger(indent, &count))
    return TypeError("tojson: indent", "an integer or a string", indent);
  if (count > kMaxIndentation) {
    return absl::InvalidArgumentError(
        absl::StrCat("an indent of ", count, " spaces; at most ", kMaxIndentation));
  }
  return std::string(static_cast<size_t>(std::max<int64_t>(count, 0)), ' ');
}

absl::Status ReadSeparators(const Value* separators, JsonStyle* style, Budget& budget) {
  if (separators == nullptr || separators->IsNone()) {
    if (style->indent.has_value()) style->item_separator = ",";
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const List pair, GetItems(*separators, budget));
  if (pair.size() != 2 || pair[0].AsString() == nullptr || pair[1].AsString() == nullptr) {
    return absl::InvalidArgumentError("tojson: 'separators' must be two strings");
  }
  style->item_separator = *pair[0].AsString();
  style->key_separator = *pair[1].AsString();
  return absl::OkStatus();
}

Result ToJson(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound,
                   call.Bind({"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style{.ensure_ascii = bound.GetBool("ensure_ascii", false),
                  .sort_keys = bound.GetBool("sort_keys", false),
                  .indent = std::nullopt};
  if (const Value* indent = bound.Get("indent"); indent != nullptr && !indent->IsNone()) {
    ASSIGN_OR_RETURN(style.indent, ReadIndentation(*indent));
  }
  RETURN_IF_ERROR(ReadSeparators(bound.Get("separators"), &style, call.run.budget()));
  ASSIGN_OR_RETURN(std::string text, WriteJson(call.value, style, call.run.budget()));
  RETURN_IF_ERROR(call.run.budget().SpendBytes(text.size()));
  return Value::String(std::move(text));
}

// Returns a copy in which all dictionaries are sorted, as pprint writes them: keys without an order
// are sorted by their types.
Result SortDictionaries(const Value& value, Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(1));
  if (const Sequence* sequence = value.AsSequence();
      sequence != nullptr && sequence->IsListOrTuple()) {
    List items;
    for (const Value& item : sequence->items) {
      ASSIGN_OR_RETURN(Value sorted, SortDictionaries(item, budget));
      items.push_back(std::move(sorted));
    }
    return MakeSequence(sequence->kind, std::move(items));
  }
  if (value.AsMap() == nullptr) return value;
  std::vector<Map::Entry> entries = value.AsMap()->entries();
  std::stable_sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
    const absl::StatusOr<bool> less = ValueLess(a.first, b.first, budget);
    if (less.ok()) return *less;
    // The order must stay consistent once the budget is spent.
    return budget.Spend(0).ok() && TypeName(a.first) < TypeName(b.first);
  });
  Map map;
  for (const auto& [key, item] : entries) {
    ASSIGN_OR_RETURN(Value sorted, SortDictionaries(item, budget));
    RETURN_IF_ERROR(map.Set(key, std::move(sorted)));
  }
  return MakeMap(std::move(map));
}

Result PrettyPrint(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(const Value sorted, SortDictionaries(call.value, call.run.budget()));
  ASSIGN_OR_RETURN(std::string text, Repr(sorted));
  RETURN_IF_ERROR(call.run.budget().SpendBytes(text.size()));
  const Sequence* sequence = sorted.AsSequence();
  const bool wraps = (sorted.AsString() != nullptr && !sorted.IsMarkup()) ||
                     sorted.AsMap() != nullptr ||
                     (sequence != nullptr && sequence->IsListOrTuple());
  if (wraps && CountCharacters(text) > kPrintWidth) {
    return absl::UnimplementedError(absl::StrCat("pprint of a value that needs more than ",
                                                 kPrintWidth, " characters is not supported"));
  }
  return Value::String(std::move(text));
}

}  // namespace

const Filters& JsonFilters() {
  static const auto* const kFilters = new Filters{{"tojson", ToJson}, {"pprint", PrettyPrint}};
  return *kFilters;
}

}  // namespace assay::jinja
