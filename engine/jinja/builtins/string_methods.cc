// The methods of strings.
#include "engine/jinja/builtins/string_methods.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/values/format.h"
#include "engine/jinja/values/strings.h"
#include "engine/unicode/casing.h"
#include "engine/unicode/characters.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

constexpr size_t kMaxStripBytes = 256;
constexpr int64_t kMaxWidth = 10'000;

// One call of a method.
struct Call {
  std::string_view text;
  std::string_view name;
  const Arguments& arguments;
  Budget& budget;
};
using Method = Result (*)(const Call&);

absl::StatusOr<BoundArguments> Bind(const Call& call, std::initializer_list<std::string_view> names,
                                    size_t required = 0) {
  return BoundArguments::Bind(call.name, call.arguments, names, required);
}

Result MakeStringList(const std::vector<std::string_view>& parts, Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(static_cast<int64_t>(parts.size())));
  List items;
  for (const std::string_view part : parts) items.push_back(Value::String(std::string(part)));
  return MakeList(std::move(items));
}

Result Case(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {}));
  if (call.name == "upper") return Value::String(unicode::ToUpper(call.text));
  if (call.name == "lower") return Value::String(unicode::ToLower(call.text));
  if (call.name == "title") return Value::String(unicode::ToTitle(call.text));
  return Value::String(unicode::Capitalize(call.text));
}

Result Strip(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"chars"}));
  const Value* chars = bound.Get("chars");
  if (chars != nullptr && !chars->IsNone() && chars->AsString() == nullptr) {
    return TypeError(absl::StrCat(std::string(call.name), "()"), "a string", *chars);
  }
  const std::string* set = chars == nullptr ? nullptr : chars->AsString();
  if (set != nullptr) {
    RETURN_IF_ERROR(call.budget.SpendBytes(call.text.size() * 8 + set->size()));
    if (set->size() > kMaxStripBytes) {
      return absl::InvalidArgumentError(absl::StrCat(std::string(call.name), "() of ", set->size(),
                                                     " bytes; at most ", kMaxStripBytes));
    }
  }
  return Value::String(
      std::string(StripString(call.text, set, call.name != "rstrip", call.name != "lstrip")));
}

std::vector<std::string_view> SplitSpaces(std::string_view text, int64_t limit, bool from_right) {
  std::vector<std::string_view> parts;
  std::string_view rest = StripString(text, nullptr, !from_right, from_right);
  while (!rest.empty()) {
    if (limit >= 0 && static_cast<int64_t>(parts.size()) >= limit) {
      parts.push_back(rest);  // The rest keeps the whitespace at its far end.
      break;
    }
    size_t at = from_right ? rest.size() : 0;
    while (from_right ? at > 0 : at < rest.size()) {
      const std::string_view piece = from_right ? rest.substr(0, at) : rest.substr(at);
      const size_t spaces = from_right ? unicode::TrailingSpaceBytes(piece, unicode::IsPythonSpace)
                                       : unicode::LeadingSpaceBytes(piece, unicode::IsPythonSpace);
      if (spaces > 0) break;
      at = from_right ? at - 1 : at + 1;
    }
    parts.push_back(from_right ? rest.substr(at) : rest.substr(0, at));
    rest = from_right ? rest.substr(0, at) : rest.substr(at);
    rest = StripString(rest, nullptr, !from_right, from_right);
  }
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string_view> SplitAt(std::string_view text, std::string_view separator,
                                      int64_t limit, bool from_right) {
  std::vector<std::string_view> parts;
  while (limit < 0 || static_cast<int64_t>(parts.size()) < limit) {
    const size_t at = from_right ? text.rfind(separator) : text.find(separator);
    if (at == text.npos) break;
    const std::string_view before = text.substr(0, at);
    const std::string_view after = text.substr(at + separator.size());
    parts.push_back(from_right ? after : before);
    text = from_right ? before : after;
  }
  parts.push_back(text);
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

Result Split(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"sep", "maxsplit"}));
  ASSIGN_OR_RETURN(const int64_t limit, bound.GetInteger("maxsplit", -1));
  const bool from_right = call.name == "rsplit";
  const Value* separator = bound.Get("sep");
  if (separator == nullptr || separator->IsNone()) {
    return MakeStringList(SplitSpaces(call.text, limit, from_right), call.budget);
  }
  const std::string* text = separator->AsString();
  if (text == nullptr || text->empty()) {
    return absl::InvalidArgumentError("split() needs a separator that is not empty");
  }
  return MakeStringList(SplitAt(call.text, *text, limit, from_right), call.budget);
}

Result Lines(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"keepends"}));
  return MakeStringList(SplitLines(call.text, bound.GetBool("keepends", false)), call.budget);
}

Result Partition(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"sep"}, 1));
  ASSIGN_OR_RETURN(const std::string separator, bound.GetString("sep", ""));
  if (separator.empty()) {
    return absl::InvalidArgumentError("partition() needs a separator that is not empty");
  }
  const bool right = call.name == "rpartition";
  const size_t at = right ? call.text.rfind(separator) : call.text.find(separator);
  std::array<std::string, 3> parts = {std::string(call.text), "", ""};
  if (at == call.text.npos && right) std::swap(parts[0], parts[2]);
  if (at != call.text.npos) {
    parts = {std::string(call.text.substr(0, at)), separator,
             std::string(call.text.substr(at + separator.size()))};
  }
  return MakeSequence(Kind::kTuple,
                      {Value::String(parts[0]), Value::String(parts[1]), Value::String(parts[2])});
}

Result StartsOrEnds(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"part"}, 1));
  const Value& given = *bound.Get("part");
  const auto* several = given.AsSequence();
  List parts = {given};
  if (several != nullptr && several->kind == Kind::kTuple) parts = several->items;
  for (const Value& part : parts) {
    const std::string* text = part.AsString();
    if (text == nullptr) {
      return TypeError(absl::StrCat(std::string(call.name), "()"), "a string", part);
    }
    if (call.name == "startswith" ? call.text.starts_with(*text) : call.text.ends_with(*text)) {
      return Value{true};
    }
  }
  return Value{false};
}

Result Remove(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"part"}, 1));
  ASSIGN_OR_RETURN(const std::string part, bound.GetString("part", ""));
  std::string_view text = call.text;
  if (call.name == "removeprefix" && text.starts_with(part)) text.remove_prefix(part.size());
  if (call.name == "removesuffix" && text.ends_with(part)) text.remove_suffix(part.size());
  return Value::String(std::string(text));
}

Result Replace(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"old", "new", "count"}, 2));
  ASSIGN_OR_RETURN(const std::string old, bound.GetString("old", ""));
  ASSIGN_OR_RETURN(const std::string with, bound.GetString("new", ""));
  ASSIGN_OR_RETURN(const int64_t count, bound.GetInteger("count", -1));
  ASSIGN_OR_RETURN(std::string text, ReplaceString(call.text, old, with, count));
  return Value::String(std::move(text));
}

Result Find(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"part"}, 1));
  ASSIGN_OR_RETURN(const std::string part, bound.GetString("part", ""));
  RETURN_IF_ERROR(call.budget.SpendBytes(call.text.size() * 8));
  if (call.name == "count") {
    if (part.empty()) return Value{CountCharacters(call.text) + 1};
    return Value{static_cast<int64_t>(SplitAt(call.text, part, -1, false).size()) - 1};
  }
  const bool right = call.name[0] == 'r';
  const size_t at = right ? call.text.rfind(part) : call.text.find(part);
  if (at != call.text.npos) return Value{CountCharacters(call.text.substr(0, at))};
  if (call.name.ends_with("index")) {
    return absl::InvalidArgumentError("index(): the string has no such part");
  }
  return Value{int64_t{-1}};
}

Result Join(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"items"}, 1));
  ASSIGN_OR_RETURN(const List items, GetItems(*bound.Get("items"), call.budget));
  std::vector<std::string> texts;
  for (const Value& item : items) {
    if (item.AsString() == nullptr) {
      return TypeError("join()", "strings", item);
    }
    texts.push_back(*item.AsString());
  }
  ASSIGN_OR_RETURN(std::string joined, JoinStrings(texts, call.text));
  return Value::String(std::move(joined));
}

Result Format(const Call& call) { return FormatBraces(call.text, call.arguments, call.budget); }

// Returns whether the string is not empty and all its characters are of a kind. Of the letters
// beyond ASCII, only those with a case count as letters.
Result IsKind(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {}));
  bool all = !call.text.empty();
  bool cased = false;
  for (size_t at = 0; at < call.text.size() && all;) {
    const Utf8Step step = NextUtf8(call.text.substr(at));
    const uint32_t c = step.code_point;
    const bool digit = c >= '0' && c <= '9';
    at += step.bytes;
    if (call.name == "isspace") {
      all = unicode::IsPythonSpace(c);
    } else if (call.name == "isdigit" || call.name == "isnumeric" || call.name == "isdecimal") {
      all = digit;
    } else if (call.name == "isalpha") {
      all = unicode::IsCased(c);
    } else if (call.name == "isalnum") {
      all = digit || unicode::IsCased(c);
    }
    cased = cased || unicode::IsCased(c);
  }
  if (call.name == "isupper") return Value{cased && unicode::ToUpper(call.text) == call.text};
  if (call.name == "islower") return Value{cased && unicode::ToLower(call.text) == call.text};
  return Value{all};
}

Result Justify(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"width", "fill"}, 1));
  ASSIGN_OR_RETURN(const int64_t width, bound.GetInteger("width", 0));
  ASSIGN_OR_RETURN(const std::string fill, bound.GetString("fill", " "));
  if (fill.size() != 1 || width > kMaxWidth) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(call.name),
                                                   "() needs a width of at most ", kMaxWidth,
                                                   " and a fill of one ASCII character"));
  }
  const int64_t missing = width - CountCharacters(call.text);
  if (missing <= 0) return Value::String(std::string(call.text));
  const std::string pad(static_cast<size_t>(missing), fill[0]);
  return Value::String(call.name == "ljust" ? std::string(call.text) + pad
                                            : pad + std::string(call.text));
}

const absl::flat_hash_map<std::string_view, Method>& Methods() {
  static const auto* const kMethods =
      new absl::flat_hash_map<std::string_view, Method>{{"upper", Case},
                                                        {"lower", Case},
                                                        {"title", Case},
                                                        {"capitalize", Case},
                                                        {"strip", Strip},
                                                        {"lstrip", Strip},
                                                        {"rstrip", Strip},
                                                        {"split", Split},
                                                        {"rsplit", Split},
                                                        {"splitlines", Lines},
                                                        {"partition", Partition},
                                                        {"rpartition", Partition},
                                                        {"startswith", StartsOrEnds},
                                                        {"endswith", StartsOrEnds},
                                                        {"removeprefix", Remove},
                                                        {"removesuffix", Remove},
                                                        {"replace", Replace},
                                                        {"find", Find},
                                                        {"rfind", Find},
                                                        {"index", Find},
                                                        {"rindex", Find},
                                                        {"count", Find},
                                                        {"join", Join},
                                                        {"format", Format},
                                                        {"isspace", IsKind},
                                                        {"isdigit", IsKind},
                                                        {"isnumeric", IsKind},
                                                        {"isdecimal", IsKind},
                                                        {"isalpha", IsKind},
                                                        {"isalnum", IsKind},
                                                        {"isupper", IsKind},
                                                        {"islower", IsKind},
                                                        {"ljust", Justify},
                                                        {"rjust", Justify}};
  return *kMethods;
}

}  // namespace

bool HasStringMethod(std::string_view name) { return Methods().contains(name); }

Result CallStringMethod(const Value& text, std::string_view name, const Arguments& arguments,
                        Budget& budget) {
  const std::string& receiver = *text.AsString();
  RETURN_IF_ERROR(budget.SpendBytes(receiver.size()));
  for (const Value& part : arguments.positional) {
    const std::string* searched = part.AsString();
    if (searched == nullptr) continue;
    RETURN_IF_ERROR(budget.SpendSearch(receiver.size(), searched->size()));
  }
  return Methods().at(name)({receiver, name, arguments, budget});
}

}  // namespace assay::jinja
