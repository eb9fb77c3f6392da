// Python's two ways to format a string.
#include "engine/jinja/values/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

using StringOr = absl::StatusOr<std::string>;

constexpr int kMaxWidth = 10'000;
constexpr int kMaxPrecision = 100;

// How one value is written.
struct Field {
  char fill = ' ';
  char align = '\0';  // < > ^ =
  char sign = '-';
  bool commas = false;
  bool alternate = false;
  int width = 0;
  std::optional<int> precision;
  char type = 's';
};

absl::Status FormatError(const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat("format: ", message));
}

// Reads the digits at `*at` and moves it past them. Returns -1 if there are none.
absl::StatusOr<int> ReadNumber(std::string_view text, size_t* at, int limit) {
  int number = -1;
  while (*at < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[*at]))) {
    number = std::max(number, 0) * 10 + (text[(*at)++] - '0');
    if (number > limit) {
      return FormatError(absl::StrCat("a width or precision is larger than ", limit));
    }
  }
  return number;
}

std::string Pad(std::string body, const Field& field, char default_align) {
  const auto characters = static_cast<size_t>(CountCharacters(body));
  const auto width = static_cast<size_t>(field.width);
  if (characters >= width) return body;
  const size_t missing = width - characters;
  const char align = field.align == '\0' ? default_align : field.align;
  if (align == '<') return body + std::string(missing, field.fill);
  if (align == '^') {
    return std::string(missing / 2, field.fill) + body +
           std::string(missing - missing / 2, field.fill);
  }
  const bool after_sign =
      align == '=' && !body.empty() && (body[0] == '-' || body[0] == '+' || body[0] == ' ');
  body.insert(after_sign ? 1 : 0, std::string(missing, field.fill));
  return body;
}

void AddCommas(std::string* digits) {
  size_t end = 0;
  while (end < digits->size() && absl::ascii_isdigit(static_cast<unsigned char>((*digits)[end]))) {
    ++end;
  }
  for (size_t at = end; at > 3; at -= 3) digits->insert(at - 3, ",");
}

std::string AddSign(bool negative, std::string digits, const Field& field) {
  if (field.commas) AddCommas(&digits);
  const std::string sign = negative ? "-" : (field.sign == '-' ? "" : std::string(1, field.sign));
  return Pad(sign + digits, field, '>');
}

StringOr WriteInteger(int64_t value, const Field& field) {
  const auto size =
      value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  std::array<char, 32> digits{};
  const char* format = field.type == 'x'   ? "%lx"
                       : field.type == 'X' ? "%lX"
                       : field.type == 'o' ? "%lo"
                                           : "%lu";
  const int length =
      std::snprintf(digits.data(), digits.size(), format, static_cast<unsigned long>(size));
  return AddSign(value < 0, std::string(digits.data(), static_cast<size_t>(length)), field);
}

StringOr WriteFloat(double value, const Field& field) {
  std::array<char, 512> digits{};
  const int precision = field.precision.value_or(6);
  if (precision > kMaxPrecision) {
    return FormatError(absl::StrCat("a precision is larger than ", kMaxPrecision));
  }
  const double size = std::fabs(field.type == '%' ? value * 100 : value);
  const char* format = field.type == 'e'   ? "%.*e"
                       : field.type == 'E' ? "%.*E"
                       : field.type == 'g' ? "%.*g"
                       : field.type == 'G' ? "%.*G"
                                           : "%.*f";
  const int length = std::snprintf(digits.data(), digits.size(), format, precision, size);
  std::string text(digits.data(), std::min(static_cast<size_t>(length), digits.size() - 1));
  if (field.type == '%') text += '%';
  return AddSign(std::signbit(value), std::move(text), field);
}

// Returns the first `precision` characters of `text`.
std::string Truncate(std::string text, const Field& field) {
  if (!field.precision.has_value()) return text;
  const std::vector<size_t> offsets = CharacterOffsets(text);
  const auto kept = static_cast<size_t>(*field.precision);
  if (kept + 1 < offsets.size()) text.resize(offsets[kept]);
  return text;
}

bool IsFloatType(char type) { return absl::StrContains("eEfFgG%", type); }

StringOr FormatPercentField(const Value& value, const Field& field) {
  if (field.type == 's' || field.type == 'r') {
    StringOr text = field.type == 's' ? ToString(value) : Repr(value);
    if (!text.ok()) return text;
    Field plain = field;
    plain.fill = ' ';
    return Pad(Truncate(*text, field), plain, '>');
  }
  double real = 0;
  if (!AsNumber(value, &real)) {
    return TypeError(absl::StrCat("format: %", std::string(1, field.type)), "a number", value);
  }
  if (IsFloatType(field.type)) return WriteFloat(real, field);
  int64_t whole = 0;
  if (!AsInteger(value, &whole)) {
    if (field.type != 'd' || !(std::fabs(real) < 9e18)) {
      return TypeError(absl::StrCat("format: %", std::string(1, field.type)), "an integer", value);
    }
    whole = static_cast<int64_t>(real);
  }
  if (field.precision.has_value() || field.alternate) {
    return absl::UnimplementedError("format: '#' and a precision of integers are not supported");
  }
  return WriteInteger(whole, field);
}

// Reads the flags, width, precision and type of "%..." from `*at` on.
absl::StatusOr<Field> ReadPercentField(std::string_view format, size_t* at) {
  Field field;
  for (; *at < format.size(); ++*at) {
    const char flag = format[*at];
    if (flag == '-') {
      field.align = '<';
    } else if (flag == '0') {
      field.fill = '0';
    } else if (flag == '+') {
      field.sign = '+';
    } else if (flag == ' ') {
      field.sign = field.sign == '+' ? '+' : ' ';
    } else if (flag == '#') {
      field.alternate = true;
    } else {
      break;
    }
  }
  if (field.align == '<') field.fill = ' ';
  if (field.align == '\0' && field.fill == '0') field.align = '=';
  ASSIGN_OR_RETURN(const int width, ReadNumber(format, at, kMaxWidth));
  field.width = std::max(width, 0);
  if (*at < format.size() && format[*at] == '.') {
    ++*at;
    ASSIGN_OR_RETURN(const int precision, ReadNumber(format, at, kMaxWidth));
    field.precision = std::max(precision, 0);
  }
  if (*at >= format.size()) return FormatError("the last field is incomplete");
  field.type = format[(*at)++];
  if (field.type == 'i' || field.type == 'u') field.type = 'd';
  if (!absl::StrContains("srdxXoeEfFgG%", field.type)) {
    return FormatError(absl::StrCat("unknown type '", std::string(1, field.type), "'"));
  }
  return field;
}

absl::Status Append(const StringOr& text, std::string* out, Budget& budget) {
  if (!text.ok()) return text.status();
  RETURN_IF_ERROR(budget.SpendBytes(text->size()));
  *out += *text;
  if (out->size() <= kMaxStringBytes) return absl::OkStatus();
  return StringTooLong();
}

// Reads [[fill]align][sign][0][width][,][.precision][type].
absl::StatusOr<Field> ReadSpecification(std::string_view spec, bool number) {
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  Field field{.type = '\0'};
  size_t at = 0;
  if (spec.size() > 1 && is_align(spec[1])) {
    field.fill = spec[0];
    field.align = spec[1];
    at = 2;
  } else if (!spec.empty() && is_align(spec[0])) {
    field.align = spec[at++];
  }
  if (at < spec.size() && (spec[at] == '+' || spec[at] == '-' || spec[at] == ' ')) {
    field.sign = spec[at++];
  }
  if (at < spec.size() && spec[at] == '0') {
    if (field.align == '\0') {
      field.fill = '0';
      field.align = number ? '=' : '<';
    }
    ++at;
  }
  ASSIGN_OR_RETURN(const int width, ReadNumber(spec, &at, kMaxWidth));
  field.width = std::max(width, 0);
  if (at < spec.size() && spec[at] == ',') {
    field.commas = true;
    ++at;
  }
  if (at < spec.size() && spec[at] == '.') {
    ASSIGN_OR_RETURN(const int precision, ReadNumber(spec, &++at, kMaxWidth));
    if (precision < 0) return FormatError("a precision has no digits");
    field.precision = precision;
  }
  if (at < spec.size()) field.type = spec[at++];
  if (at != spec.size()) {
    return absl::UnimplementedError(
        absl::StrCat("format: the specification '", std::string(spec), "' is not supported"));
  }
  return field;
}

StringOr FormatBraceField(const Value& value, std::string_view spec) {
  if (spec.empty()) return ToString(value);
  int64_t whole = 0;
  double real = 0;
  const bool number = AsNumber(value, &real);
  ASSIGN_OR_RETURN(Field field, ReadSpecification(spec, number));
  const char type = field.type;
  if (number && IsFloatType(type)) return WriteFloat(real, field);
  if (AsInteger(value, &whole) && (type == '\0' || absl::StrContains("dxXo", type))) {
    if (field.precision.has_value()) return FormatError("an integer has no precision");
    return WriteInteger(whole, field);
  }
  if (value.AsString() != nullptr && (type == '\0' || type == 's') && field.align != '=') {
    return Pad(Truncate(*value.AsString(), field), field, '<');
  }
  return FormatError(absl::StrCat("the specification '", std::string(spec), "' does not apply to ",
                                  TypeName(value)));
}

}  // namespace

Result FormatPercent(std::string_view format, const Value& values, Budget& budget) {
  const Sequence* sequence = values.AsSequence();
  const bool tuple = sequence != nullptr && sequence->kind == SequenceKind::kTuple;
  const size_t given = tuple ? sequence->items.size() : 1;
  size_t used = 0;
  bool named = values.AsMap() != nullptr || (sequence != nullptr && !tuple);
  std::string out;
  for (size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out.push_back(format[at++]);
      continue;
    }
    Value value;
    bool by_name = false;
    ++at;
    if (at < format.size() && format[at] == '(') {
      const size_t end = format.find(')', at);
      if (values.AsMap() == nullptr || end == format.npos) {
        return FormatError("a field %(name) needs a dictionary and a closing parenthesis");
      }
      const Value* found = values.AsMap()->Find(format.substr(at + 1, end - at - 1));
      if (found == nullptr) return FormatError("the dictionary lacks a name of the format");
      value = *found;
      by_name = true;
      at = end + 1;
    }
    ASSIGN_OR_RETURN(const Field field, ReadPercentField(format, &at));
    if (field.type == '%') {
      out.push_back('%');
      continue;
    }
    if (!by_name) {
      if (used == given) return FormatError("there are fewer arguments than fields");
      value = tuple ? sequence->items[used] : values;
      ++used;
    }
    RETURN_IF_ERROR(Append(FormatPercentField(value, field), &out, budget));
  }
  if (used < given && !named) return FormatError("there are more arguments than fields");
  return Value::String(std::move(out));
}

Result FormatBraces(std::string_view format, const Arguments& arguments, Budget& budget) {
  std::string out;
  int64_t next = 0;
  for (size_t at = 0; at < format.size();) {
    const char c = format[at];
    if (c != '{' && c != '}') {
      out.push_back(format[at++]);
      continue;
    }
    if (at + 1 < format.size() && format[at + 1] == c) {
      out.push_back(c);
      at += 2;
      continue;
    }
    const size_t end = format.find('}', at);
    if (c == '}' || end == format.npos) return FormatError("a single brace must be doubled");
    const std::string_view body = format.substr(at + 1, end - at - 1);
    const size_t colon = std::min(body.find(':'), body.size());
    const std::string name(body.substr(0, colon));
    if (body.find('{') != body.npos || name.find_first_of(".[!") != name.npos) {
      return absl::UnimplementedError(
          absl::StrCat("format: '{", std::string(body), "}' is not supported"));
    }
    int64_t place = next;
    const Value* value = nullptr;
    if (name.empty() || absl::SimpleAtoi(name, &place)) {
      if (name.empty()) ++next;
      if (place >= 0 && place < static_cast<int64_t>(arguments.positional.size())) {
        value = &arguments.positional[static_cast<size_t>(place)];
      }
    } else {
      for (const auto& [known, given] : arguments.named) value = known == name ? &given : value;
    }
    if (value == nullptr) return FormatError(absl::StrCat("there is no argument '", name, "'"));
    const std::string_view spec = colon < body.size() ? body.substr(colon + 1) : "";
    RETURN_IF_ERROR(Append(FormatBraceField(*value, spec), &out, budget));
    at = end + 1;
  }
  return Value::String(std::move(out));
}

}  // namespace assay::jinja
