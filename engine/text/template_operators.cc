// What values of a template can do.
#include "engine/text/template_operators.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/text/template_value.h"
#include "engine/text/utf8.h"

namespace assay::engine {
namespace {

using Value = TemplateValue;
using Result = absl::StatusOr<Value>;

constexpr size_t kMaxStringBytes = size_t{4} << 20;
constexpr size_t kMaxListItems = 100'000;

// Python's str.isspace().
bool IsPythonSpace(uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

absl::Status Wrong(const std::string& what, const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat(what, " is not possible with ", TypeName(value)));
}

// Whole numbers and booleans, as Python counts.
const int64_t* AsInteger(const Value& value, int64_t* storage) {
  if (const auto* number = value.As<int64_t>()) return number;
  if (const auto* flag = value.As<bool>()) {
    *storage = *flag ? 1 : 0;
    return storage;
  }
  return nullptr;
}

// Bounds of the code points, so that slices and lengths count characters.
std::vector<size_t> CharacterStarts(std::string_view text) {
  std::vector<size_t> starts;
  for (size_t at = 0; at < text.size(); at += NextUtf8(text.substr(at)).bytes) starts.push_back(at);
  return starts;
}

// Characters of `text` that `drop` says, off one or both ends.
template <typename Drop>
std::string Strip(std::string_view text, Drop drop, bool left, bool right) {
  const std::vector<size_t> starts = CharacterStarts(text);
  const auto dropped = [&](size_t character) {
    return drop(NextUtf8(text.substr(starts[character])).code_point);
  };
  size_t begin = 0;
  size_t end = starts.size();
  while (left && begin < end && dropped(begin)) ++begin;
  while (right && begin < end && dropped(end - 1)) --end;
  const size_t from = begin < starts.size() ? starts[begin] : text.size();
  const size_t to = end < starts.size() ? starts[end] : text.size();
  return std::string(text.substr(from, to - from));
}

// A slice's bound: negative counts from the end, beyond the end is the end.
absl::StatusOr<size_t> SliceBound(const Value& bound, size_t size, size_t if_none) {
  if (bound.IsNone()) return if_none;
  const auto* number = bound.As<int64_t>();
  if (number == nullptr) return Wrong("a slice", bound);
  const auto length = static_cast<int64_t>(size);
  const int64_t from_start = *number < 0 ? *number + length : *number;
  return static_cast<size_t>(std::clamp<int64_t>(from_start, 0, length));
}

Result Ordered(const std::string& op, int order) {
  if (op == "<") return Value{order < 0};
  if (op == "<=") return Value{order <= 0};
  if (op == ">") return Value{order > 0};
  return Value{order >= 0};
}

Result Contains(const Value& container, const Value& item) {
  if (const TemplateList* list = container.AsList()) {
    return Value{
        std::any_of(list->begin(), list->end(), [&](const Value& value) { return value == item; })};
  }
  const auto* name = item.As<std::string>();
  if (name == nullptr) return Wrong("'in' with this on its left", item);
  if (const auto* text = container.As<std::string>()) {
    return Value{text->find(*name) != std::string::npos};
  }
  if (const TemplateMap* map = container.AsMap()) return Value{map->contains(*name)};
  return Wrong("'in'", container);
}

Result Arithmetic(const std::string& op, const Value& left, const Value& right) {
  int64_t left_flag = 0;
  int64_t right_flag = 0;
  const int64_t* a = AsInteger(left, &left_flag);
  const int64_t* b = AsInteger(right, &right_flag);
  if (a == nullptr) return Wrong(absl::StrCat("'", op, "'"), left);
  if (b == nullptr) return Wrong(absl::StrCat("'", op, "'"), right);
  int64_t result = 0;
  bool overflow = false;
  if (op == "+") {
    overflow = __builtin_add_overflow(*a, *b, &result);
  } else if (op == "-") {
    overflow = __builtin_sub_overflow(*a, *b, &result);
  } else if (op == "*") {
    overflow = __builtin_mul_overflow(*a, *b, &result);
  } else {
    if (*b == 0) return absl::InvalidArgumentError("modulo by zero");
    // Python's sign; -1 apart, since the smallest number modulo -1 overflows.
    result = *b == -1 ? 0 : *a % *b;
    if (result != 0 && (result < 0) != (*b < 0)) result += *b;
  }
  if (overflow) return absl::InvalidArgumentError("a number is out of range");
  return Value{result};
}

Result Concatenate(const std::string& left, const std::string& right) {
  if (left.size() + right.size() > kMaxStringBytes) {
    return absl::InvalidArgumentError("a text grows beyond 4 MiB");
  }
  return Value{left + right};
}

Result Plus(const Value& left, const Value& right) {
  const auto* a = left.As<std::string>();
  const auto* b = right.As<std::string>();
  if (a != nullptr && b != nullptr) return Concatenate(*a, *b);
  if (left.AsList() != nullptr && right.AsList() != nullptr) {
    if (left.AsList()->size() + right.AsList()->size() > kMaxListItems) {
      return absl::InvalidArgumentError(
          absl::StrCat("a list grows beyond ", kMaxListItems, " items"));
    }
    TemplateList list = *left.AsList();
    list.insert(list.end(), right.AsList()->begin(), right.AsList()->end());
    return Value::List(std::move(list));
  }
  return Arithmetic("+", left, right);
}

Result Compare(const std::string& op, const Value& left, const Value& right) {
  const auto* a = left.As<std::string>();
  const auto* b = right.As<std::string>();
  if (a != nullptr && b != nullptr) return Ordered(op, a->compare(*b));
  int64_t left_flag = 0;
  int64_t right_flag = 0;
  const int64_t* x = AsInteger(left, &left_flag);
  const int64_t* y = AsInteger(right, &right_flag);
  if (x == nullptr) return Wrong(absl::StrCat("'", op, "'"), left);
  if (y == nullptr) return Wrong(absl::StrCat("'", op, "'"), right);
  return Ordered(op, *x < *y ? -1 : static_cast<int>(*x > *y));
}

}  // namespace

bool TemplateValue::Truth() const {
  if (const auto* flag = As<bool>()) return *flag;
  if (const auto* number = As<int64_t>()) return *number != 0;
  if (const auto* text = As<std::string>()) return !text->empty();
  if (const TemplateList* list = AsList()) return !list->empty();
  if (const TemplateMap* map = AsMap()) return !map->empty();
  return false;
}

bool operator==(const Value& a, const Value& b) {
  int64_t a_flag = 0;
  int64_t b_flag = 0;
  const int64_t* x = AsInteger(a, &a_flag);
  const int64_t* y = AsInteger(b, &b_flag);
  if (x != nullptr && y != nullptr) return *x == *y;
  if (a.AsList() != nullptr && b.AsList() != nullptr) return *a.AsList() == *b.AsList();
  if (a.AsMap() != nullptr && b.AsMap() != nullptr) return *a.AsMap() == *b.AsMap();
  const auto* s = a.As<std::string>();
  const auto* t = b.As<std::string>();
  if (s != nullptr && t != nullptr) return *s == *t;
  return (a.IsNone() && b.IsNone()) || (a.IsUndefined() && b.IsUndefined());
}

std::string TypeName(const Value& value) {
  static constexpr const char* kNames[] = {"undefined", "none",   "a boolean", "a number",
                                           "a string",  "a list", "a mapping"};
  return kNames[value.data.index()];
}

absl::StatusOr<std::string> TextOf(const Value& value) {
  if (value.IsUndefined()) return "";
  if (value.IsNone()) return "None";
  if (const auto* flag = value.As<bool>()) return *flag ? "True" : "False";
  if (const auto* number = value.As<int64_t>()) return absl::StrCat(*number);
  if (const auto* text = value.As<std::string>()) return *text;
  return Wrong("printing", value);
}

Result IndexValue(const Value& object, const Value& key) {
  if (object.IsUndefined()) return Wrong("taking a part", object);
  if (const TemplateMap* map = object.AsMap()) {
    const auto* name = key.As<std::string>();
    const auto it = name == nullptr ? map->end() : map->find(*name);
    return it == map->end() ? Value{} : it->second;
  }
  const auto* index = key.As<int64_t>();
  if (index == nullptr) return Value{};
  if (const TemplateList* list = object.AsList()) {
    const auto size = static_cast<int64_t>(list->size());
    const int64_t at = *index < 0 ? *index + size : *index;
    return at < 0 || at >= size ? Value{} : (*list)[static_cast<size_t>(at)];
  }
  if (const auto* text = object.As<std::string>()) {
    const std::vector<size_t> starts = CharacterStarts(*text);
    const auto size = static_cast<int64_t>(starts.size());
    const int64_t at = *index < 0 ? *index + size : *index;
    if (at < 0 || at >= size) return Value{};
    const size_t start = starts[static_cast<size_t>(at)];
    return Value{text->substr(start, NextUtf8(std::string_view(*text).substr(start)).bytes)};
  }
  return Value{};
}

Result SliceValue(const Value& object, const Value& begin, const Value& end) {
  const TemplateList* list = object.AsList();
  const auto* text = object.As<std::string>();
  if (list == nullptr && text == nullptr) return Wrong("a slice", object);
  std::vector<size_t> starts;
  if (text != nullptr) starts = CharacterStarts(*text);
  const size_t size = list != nullptr ? list->size() : starts.size();
  const absl::StatusOr<size_t> first = SliceBound(begin, size, 0);
  if (!first.ok()) return first.status();
  const absl::StatusOr<size_t> last = SliceBound(end, size, size);
  if (!last.ok()) return last.status();
  const size_t stop = std::max(*first, *last);
  if (list != nullptr) {
    return Value::List(TemplateList(list->begin() + static_cast<std::ptrdiff_t>(*first),
                                    list->begin() + static_cast<std::ptrdiff_t>(stop)));
  }
  starts.push_back(text->size());
  return Value{text->substr(starts[*first], starts[stop] - starts[*first])};
}

Result UnaryValue(const std::string& op, const Value& value) {
  if (op == "not") return Value{!value.Truth()};
  return Arithmetic("-", Value{int64_t{0}}, value);
}

Result BinaryValue(const std::string& op, const Value& left, const Value& right) {
  if (op == "==") return Value{left == right};
  if (op == "!=") return Value{!(left == right)};
  if (op == "in") return Contains(right, left);
  if (op == "not in") {
    const Result contains = Contains(right, left);
    return contains.ok() ? Result(Value{!contains->Truth()}) : contains;
  }
  if (op == "~") {
    const absl::StatusOr<std::string> a = TextOf(left);
    if (!a.ok()) return a.status();
    const absl::StatusOr<std::string> b = TextOf(right);
    if (!b.ok()) return b.status();
    return Concatenate(*a, *b);
  }
  if (op == "+") return Plus(left, right);
  if (op == "-" || op == "*" || op == "%") return Arithmetic(op, left, right);
  return Compare(op, left, right);
}

bool TestValue(const std::string& test, const Value& value) {
  if (test == "defined") return !value.IsUndefined();
  if (test == "undefined") return value.IsUndefined();
  if (test == "none") return value.IsNone();
  if (test == "string") return value.As<std::string>() != nullptr;
  if (test == "mapping") return value.AsMap() != nullptr;
  if (test == "number") {
    int64_t storage = 0;
    return AsInteger(value, &storage) != nullptr;
  }
  if (test == "true" || test == "false") {
    const auto* flag = value.As<bool>();
    return flag != nullptr && *flag == (test == "true");
  }
  return value.AsList() != nullptr || value.AsMap() != nullptr ||
         value.As<std::string>() != nullptr || value.IsUndefined();
}

Result FilterValue(const std::string& filter, const Value& value) {
  if (filter == "length" || filter == "count") {
    if (const TemplateList* list = value.AsList()) return Value{static_cast<int64_t>(list->size())};
    if (const TemplateMap* map = value.AsMap()) return Value{static_cast<int64_t>(map->size())};
    if (const auto* text = value.As<std::string>()) {
      return Value{static_cast<int64_t>(CharacterStarts(*text).size())};
    }
    return value.IsUndefined() ? Result(Value{int64_t{0}}) : Wrong("length", value);
  }
  const absl::StatusOr<std::string> text = TextOf(value);
  if (!text.ok()) return text.status();
  if (filter == "trim") return Value{Strip(*text, IsPythonSpace, true, true)};
  if (filter == "string") return Value{*text};
  if (!std::all_of(text->begin(), text->end(), absl::ascii_isascii)) {
    return absl::UnimplementedError(
        absl::StrCat("filter '", filter, "' of a text beyond ASCII is not read yet"));
  }
  if (filter == "upper") return Value{absl::AsciiStrToUpper(*text)};
  return Value{absl::AsciiStrToLower(*text)};
}

Result CallMethod(const std::string& method, const std::vector<Value>& operands) {
  const auto* text = operands[0].As<std::string>();
  if (text == nullptr) return Wrong(absl::StrCat(method, "()"), operands[0]);
  if (operands.size() > 2) {
    return absl::InvalidArgumentError(absl::StrCat(method, "() takes at most one argument"));
  }
  const std::string* argument = operands.size() == 2 ? operands[1].As<std::string>() : nullptr;
  if (operands.size() == 2 && argument == nullptr) {
    return Wrong(absl::StrCat(method, "()"), operands[1]);
  }
  if (method == "startswith" || method == "endswith") {
    if (argument == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(method, "() needs a text"));
    }
    return Value{method == "startswith" ? text->starts_with(*argument)
                                        : text->ends_with(*argument)};
  }
  const bool left = method != "rstrip";
  const bool right = method != "lstrip";
  if (argument == nullptr) return Value{Strip(*text, IsPythonSpace, left, right)};
  std::vector<uint32_t> characters;
  for (const size_t start : CharacterStarts(*argument)) {
    characters.push_back(NextUtf8(std::string_view(*argument).substr(start)).code_point);
  }
  const auto listed = [&](uint32_t c) {
    return std::find(characters.begin(), characters.end(), c) != characters.end();
  };
  return Value{Strip(*text, listed, left, right)};
}

absl::Status RaiseException(const std::vector<Value>& arguments) {
  const auto* message = arguments.empty() ? nullptr : arguments[0].As<std::string>();
  return absl::InvalidArgumentError(
      absl::StrCat("the model's chat template refuses the conversation: ",
                   message == nullptr ? std::string("no reason given") : *message));
}

}  // namespace assay::engine
