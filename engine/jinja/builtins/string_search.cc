// The methods of strings that search: find, count, startswith, replace and their variants.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/string_methods.h"
#include "engine/jinja/values/strings.h"

namespace assay::jinja {
namespace {

// The part of a string between two bounds.
struct Window {
  std::string_view text;
  // The number of characters before it, and within it. Negative if the bounds exclude even the
  // empty string.
  int64_t first;
  int64_t characters;
};

// Reads the arguments `start` and `end` as Python does.
absl::StatusOr<Window> ReadWindow(const StringCall& call, const BoundArguments& bound) {
  const auto given = [&](std::string_view name) {
    const Value* value = bound.Get(name);
    return value != nullptr && !value->IsNone();
  };
  if (!given("start") && !given("end")) {
    return Window{call.text, 0, CountCharacters(call.text)};
  }
  RETURN_IF_ERROR(call.run.budget().SpendBytes(call.text.size() * 8));
  const std::vector<size_t> offsets = CharacterOffsets(call.text);
  const auto length = static_cast<int64_t>(offsets.size()) - 1;
  ASSIGN_OR_RETURN(int64_t start, given("start") ? bound.GetClamped("start", 0) : int64_t{0});
  ASSIGN_OR_RETURN(int64_t end, given("end") ? bound.GetClamped("end", length) : length);
  end = end > length ? length : std::max<int64_t>(end < 0 ? end + length : end, 0);
  if (start < 0) start = std::max<int64_t>(start + length, 0);
  if (start > end) return Window{"", start, -1};
  const size_t from = offsets[static_cast<size_t>(start)];
  return Window{call.text.substr(from, offsets[static_cast<size_t>(end)] - from), start,
                end - start};
}

Result Find(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"part", "start", "end"}, 1));
  ASSIGN_OR_RETURN(const std::string part, bound.GetString("part", ""));
  ASSIGN_OR_RETURN(const Window window, ReadWindow(call, bound));
  const bool right = call.name[0] == 'r';
  const size_t at = window.characters < 0 ? std::string_view::npos
                    : right               ? window.text.rfind(part)
                                          : window.text.find(part);
  if (at != std::string_view::npos) {
    return Value{window.first + CountCharacters(window.text.substr(0, at))};
  }
  if (call.name.ends_with("index")) {
    return absl::InvalidArgumentError("index(): the string has no such part");
  }
  return Value{int64_t{-1}};
}

Result Count(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"part", "start", "end"}, 1));
  ASSIGN_OR_RETURN(const std::string part, bound.GetString("part", ""));
  ASSIGN_OR_RETURN(const Window window, ReadWindow(call, bound));
  if (part.empty()) return Value{window.characters + 1};
  int64_t count = 0;
  for (size_t at = window.text.find(part); at != std::string_view::npos;
       at = window.text.find(part, at + part.size())) {
    ++count;
  }
  return Value{count};
}

Result StartsOrEnds(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"part", "start", "end"}, 1));
  ASSIGN_OR_RETURN(const Window window, ReadWindow(call, bound));
  const Value& given = *bound.Get("part");
  const List parts = given.IsTuple() ? given.AsSequence()->items : List{given};
  for (const Value& part : parts) {
    const std::string* text = part.AsString();
    if (text == nullptr) {
      return TypeError(absl::StrCat(std::string(call.name), "()"), "a string", part);
    }
    const bool found =
        call.name == "startswith" ? window.text.starts_with(*text) : window.text.ends_with(*text);
    if (found && window.characters >= 0) return Value{true};
  }
  return Value{false};
}

Result Remove(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"part"}, 1));
  ASSIGN_OR_RETURN(const std::string part, bound.GetString("part", ""));
  std::string_view text = call.text;
  if (call.name == "removeprefix" && text.starts_with(part)) text.remove_prefix(part.size());
  if (call.name == "removesuffix" && text.ends_with(part)) text.remove_suffix(part.size());
  return call.Make(std::string(text));
}

Result Replace(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"old", "new", "count"}, 2));
  ASSIGN_OR_RETURN(const std::string old, bound.GetString("old", ""));
  ASSIGN_OR_RETURN(const std::string with, call.GetEscaped(bound, "new", ""));
  ASSIGN_OR_RETURN(const int64_t count, bound.GetInteger("count", -1));
  ASSIGN_OR_RETURN(std::string text, ReplaceString(call.text, old, with, count));
  return call.Make(std::move(text));
}

}  // namespace

const StringMethods& SearchMethods() {
  static const auto* const kMethods = new StringMethods{{"find", Find},
                                                        {"rfind", Find},
                                                        {"index", Find},
                                                        {"rindex", Find},
                                                        {"count", Count},
                                                        {"startswith", StartsOrEnds},
                                                        {"endswith", StartsOrEnds},
                                                        {"removeprefix", Remove},
                                                        {"removesuffix", Remove},
                                                        {"replace", Replace}};
  return *kMethods;
}

}  // namespace assay::jinja
