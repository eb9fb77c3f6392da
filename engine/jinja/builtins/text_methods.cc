// Methods that texts of a template have.
#include "engine/jinja/builtins/text_methods.h"

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
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/format.h"
#include "engine/jinja/values/operators.h"
#include "engine/unicode/casing.h"
#include "engine/unicode/characters.h"

namespace assay::jinja {
namespace {

using Value = Value;
using Result = absl::StatusOr<Value>;
using Kind = SequenceKind;

// One call: the text, the method's name and its arguments.
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

Result ListOf(const std::vector<std::string_view>& parts, Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(static_cast<int64_t>(parts.size())));
  List items;
  for (const std::string_view part : parts) items.push_back(Value::Text(std::string(part)));
  return MakeList(std::move(items));
}

Result Case(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {}));
  if (call.name == "upper") return Value::Text(unicode::UpperOf(call.text));
  if (call.name == "lower") return Value::Text(unicode::LowerOf(call.text));
  if (call.name == "title") return Value::Text(unicode::TitleOf(call.text));
  return Value::Text(unicode::CapitalizedOf(call.text));
}

Result Strip(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"chars"}));
  const Value* chars = bound.Get("chars");
  if (chars != nullptr && !chars->IsNone() && chars->AsText() == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(call.name), "() needs a text"));
  }
  const std::string* set = chars == nullptr ? nullptr : chars->AsText();
  if (set != nullptr) {
    RETURN_IF_ERROR(call.budget.SpendBytes(call.text.size() * 8 + set->size()));
    if (set->size() > 256) return absl::InvalidArgumentError("strip() of more than 256 bytes");
  }
  return Value::Text(
      std::string(StripText(call.text, set, call.name != "rstrip", call.name != "lstrip")));
}

std::vector<std::string_view> SplitSpaces(std::string_view text, int64_t limit, bool from_right) {
  std::vector<std::string_view> parts;
  std::string_view rest = StripText(text, nullptr, !from_right, from_right);
  while (!rest.empty()) {
    if (limit >= 0 && static_cast<int64_t>(parts.size()) >= limit) {
      parts.push_back(rest);  // Keeps its blanks on the far side.
      break;
    }
    size_t at = from_right ? rest.size() : 0;
    while (from_right ? at > 0 : at < rest.size()) {
      const std::string_view piece = from_right ? rest.substr(0, at) : rest.substr(at);
      const size_t spaces = from_right ? unicode::TrailingSpaces(piece, unicode::IsPythonSpace)
                                       : unicode::LeadingSpaces(piece, unicode::IsPythonSpace);
      if (spaces > 0) break;
      at = from_right ? at - 1 : at + 1;
    }
    parts.push_back(from_right ? rest.substr(at) : rest.substr(0, at));
    rest = from_right ? rest.substr(0, at) : rest.substr(at);
    rest = StripText(rest, nullptr, !from_right, from_right);
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
  ASSIGN_OR_RETURN(const int64_t limit, bound.Integer("maxsplit", -1));
  const bool from_right = call.name == "rsplit";
  const Value* separator = bound.Get("sep");
  if (separator == nullptr || separator->IsNone()) {
    return ListOf(SplitSpaces(call.text, limit, from_right), call.budget);
  }
  const std::string* text = separator->AsText();
  if (text == nullptr || text->empty()) {
    return absl::InvalidArgumentError("split() needs a text that is not empty");
  }
  return ListOf(SplitAt(call.text, *text, limit, from_right), call.budget);
}

Result Lines(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"keepends"}));
  return ListOf(SplitLines(call.text, bound.Flag("keepends", false)), call.budget);
}

Result Partition(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"sep"}, 1));
  ASSIGN_OR_RETURN(const std::string separator, bound.Text("sep", ""));
  if (separator.empty()) return absl::InvalidArgumentError("partition() of an empty text");
  const bool right = call.name == "rpartition";
  const size_t at = right ? call.text.rfind(separator) : call.text.find(separator);
  std::array<std::string, 3> parts = {std::string(call.text), "", ""};
  if (at == call.text.npos && right) std::swap(parts[0], parts[2]);
  if (at != call.text.npos) {
    parts = {std::string(call.text.substr(0, at)), separator,
             std::string(call.text.substr(at + separator.size()))};
  }
  return MakeSequence(Kind::kTuple,
                      {Value::Text(parts[0]), Value::Text(parts[1]), Value::Text(parts[2])});
}

Result StartsOrEnds(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"part"}, 1));
  const Value& given = *bound.Get("part");
  const auto* several = given.AsSequence();
  List parts = {given};
  if (several != nullptr && several->kind == Kind::kTuple) parts = several->items;
  for (const Value& part : parts) {
    const std::string* text = part.AsText();
    if (text == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          std::string(call.name), "() needs a text, not ", std::string(TypeName(part))));
    }
    if (call.name == "startswith" ? call.text.starts_with(*text) : call.text.ends_with(*text)) {
      return Value{true};
    }
  }
  return Value{false};
}

Result Remove(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"part"}, 1));
  ASSIGN_OR_RETURN(const std::string part, bound.Text("part", ""));
  std::string_view text = call.text;
  if (call.name == "removeprefix" && text.starts_with(part)) text.remove_prefix(part.size());
  if (call.name == "removesuffix" && text.ends_with(part)) text.remove_suffix(part.size());
  return Value::Text(std::string(text));
}

Result Replace(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"old", "new", "count"}, 2));
  const absl::StatusOr<std::string> old = bound.Text("old", "");
  const absl::StatusOr<std::string> with = bound.Text("new", "");
  const absl::StatusOr<int64_t> count = bound.Integer("count", -1);
  if (!old.ok()) return old.status();
  if (!with.ok()) return with.status();
  if (!count.ok()) return count.status();
  ASSIGN_OR_RETURN(std::string text, ReplaceText(call.text, *old, *with, *count));
  return Value::Text(std::move(text));
}

int64_t CharactersIn(std::string_view text) {
  return static_cast<int64_t>(CharacterOffsets(text).size()) - 1;
}

Result Find(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"part"}, 1));
  ASSIGN_OR_RETURN(const std::string part, bound.Text("part", ""));
  RETURN_IF_ERROR(call.budget.SpendBytes(call.text.size() * 8));
  if (call.name == "count") {
    if (part.empty()) return Value{CharactersIn(call.text) + 1};
    return Value{static_cast<int64_t>(SplitAt(call.text, part, -1, false).size()) - 1};
  }
  const bool right = call.name[0] == 'r';
  const size_t at = right ? call.text.rfind(part) : call.text.find(part);
  if (at != call.text.npos) return Value{CharactersIn(call.text.substr(0, at))};
  if (call.name.ends_with("index")) return absl::InvalidArgumentError("index(): no such part");
  return Value{int64_t{-1}};
}

Result Join(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"items"}, 1));
  ASSIGN_OR_RETURN(const List items, ItemsOf(*bound.Get("items"), call.budget));
  std::vector<std::string> texts;
  for (const Value& item : items) {
    if (item.AsText() == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("join() needs texts, not ", std::string(TypeName(item))));
    }
    texts.push_back(*item.AsText());
  }
  ASSIGN_OR_RETURN(std::string joined, JoinTexts(texts, call.text));
  return Value::Text(std::move(joined));
}

Result Format(const Call& call) { return FormatBraces(call.text, call.arguments, call.budget); }

// All characters are of a kind, and there is one. Beyond ASCII: letters with a case only.
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
  if (call.name == "isupper") return Value{cased && unicode::UpperOf(call.text) == call.text};
  if (call.name == "islower") return Value{cased && unicode::LowerOf(call.text) == call.text};
  return Value{all};
}

Result Justify(const Call& call) {
  ASSIGN_OR_RETURN(const auto bound, Bind(call, {"width", "fill"}, 1));
  ASSIGN_OR_RETURN(const int64_t width, bound.Integer("width", 0));
  ASSIGN_OR_RETURN(const std::string fill, bound.Text("fill", " "));
  if (fill.size() != 1 || width > 10'000) {
    return absl::InvalidArgumentError("a width beyond 10000 or a fill of other than one letter");
  }
  const int64_t missing = width - CharactersIn(call.text);
  if (missing <= 0) return Value::Text(std::string(call.text));
  const std::string pad(static_cast<size_t>(missing), fill[0]);
  return Value::Text(call.name == "ljust" ? std::string(call.text) + pad
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

bool HasTextMethod(std::string_view name) { return Methods().contains(name); }

Result CallTextMethod(const Value& text, std::string_view name, const Arguments& arguments,
                      Budget& budget) {
  const std::string& body = *text.AsText();
  RETURN_IF_ERROR(budget.SpendBytes(body.size()));
  for (const Value& part : arguments.positional) {
    const std::string* searched = part.AsText();
    if (searched == nullptr) continue;
    RETURN_IF_ERROR(budget.SpendSearch(body.size(), searched->size()));
  }
  return Methods().at(name)({body, name, arguments, budget});
}

}  // namespace assay::jinja
