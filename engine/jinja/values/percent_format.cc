// Python's operator % of strings.
#include "engine/jinja/values/percent_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/number_format.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

using StringOr = absl::StatusOr<std::string>;

// Formats one string.
class PercentFormatter {
 public:
  PercentFormatter(std::string_view format, bool markup, const Value& values, Budget& budget)
      : format_(format), markup_(markup), values_(values), budget_(budget) {}

  Result Run() {
    while (at_ < format_.size()) {
      if (format_[at_] != '%') {
        out_.push_back(format_[at_++]);
        continue;
      }
      ++at_;
      RETURN_IF_ERROR(AddField());
    }
    // Python regards whatever can be indexed, other than a tuple or a string, as a mapping.
    const bool is_mapping = values_.AsMap() != nullptr || values_.IsUndefined() ||
                            (values_.AsSequence() != nullptr && !values_.IsTuple() &&
                             values_.AsSequence()->IsIndexable());
    if (used_ < Given() && !is_mapping) {
      return FormatError("there are more arguments than fields");
    }
    return Value::String(std::move(out_), markup_);
  }

 private:
  size_t Given() const { return values_.IsTuple() ? values_.AsSequence()->items.size() : 1; }

  absl::StatusOr<Value> NextValue() {
    if (named_ || used_ >= Given()) return FormatError("there are fewer arguments than fields");
    return values_.IsTuple() ? values_.AsSequence()->items[used_++] : (++used_, values_);
  }

  absl::Status AddField() {
    if (at_ < format_.size() && format_[at_] == '%') {
      out_.push_back(format_[at_++]);
      return absl::OkStatus();
    }
    Value value;
    bool by_name = false;
    if (at_ < format_.size() && format_[at_] == '(') {
      ASSIGN_OR_RETURN(value, NamedValue());
      by_name = true;
    }
    Field field;
    RETURN_IF_ERROR(ReadField(&field));
    if (!by_name) {
      ASSIGN_OR_RETURN(value, NextValue());
    }
    ASSIGN_OR_RETURN(const std::string text, FormatField(value, field));
    RETURN_IF_ERROR(budget_.SpendBytes(text.size()));
    out_ += text;
    return out_.size() <= kMaxStringBytes ? absl::OkStatus() : StringTooLong();
  }

  // Reads "(name)" and returns the value of the name.
  absl::StatusOr<Value> NamedValue() {
    size_t end = at_ + 1;
    for (int open = 1; end < format_.size(); ++end) {
      if (format_[end] == '(') ++open;
      if (format_[end] == ')' && --open == 0) break;
    }
    if (values_.AsMap() == nullptr || end >= format_.size()) {
      return FormatError("a field %(name) needs a dictionary and a closing parenthesis");
    }
    const Value* found = values_.AsMap()->Find(format_.substr(at_ + 1, end - at_ - 1));
    if (found == nullptr) return FormatError("the dictionary lacks a name of the format");
    at_ = end + 1;
    named_ = true;
    return *found;
  }

  // Reads a width or a precision: digits, or * for an argument. Returns -1 if there is none.
  absl::StatusOr<int> ReadNumber(int limit) {
    if (at_ >= format_.size() || format_[at_] != '*') {
      return ReadFormatNumber(format_, &at_, limit);
    }
    ++at_;
    ASSIGN_OR_RETURN(const Value value, NextValue());
    int64_t number = 0;
    if (!AsInteger(value, &number)) return TypeError("format: *", "an integer", value);
    if (number > limit || number < -limit) {
      return FormatError(absl::StrCat("a width or precision is larger than ", limit));
    }
    return static_cast<int>(number);
  }

  void ReadFlags(Field* field) {
    for (; at_ < format_.size(); ++at_) {
      const char flag = format_[at_];
      if (flag == '-') {
        field->align = '<';
      } else if (flag == '0') {
        field->fill = "0";
      } else if (flag == '+') {
        field->sign = '+';
      } else if (flag == ' ') {
        field->sign = field->sign == '+' ? '+' : ' ';
      } else if (flag == '#') {
        field->alternate = true;
      } else {
        break;
      }
    }
  }

  absl::Status ReadField(Field* field) {
    ReadFlags(field);
    const bool star = at_ < format_.size() && format_[at_] == '*';
    ASSIGN_OR_RETURN(const int width, ReadNumber(kMaxFormatWidth));
    if (star && width < 0) field->align = '<';
    field->width = star ? std::abs(width) : std::max(width, 0);
    if (field->align == '<') field->fill = " ";
    if (field->align == '\0' && field->fill == "0") field->align = '=';
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      ASSIGN_OR_RETURN(const int precision, ReadNumber(kMaxFormatWidth));
      field->precision = std::max(precision, 0);
    }
    // As in Python, a length modifier is accepted and has no effect.
    if (at_ < format_.size() && absl::StrContains("hlL", format_[at_])) ++at_;
    if (at_ >= format_.size()) return FormatError("the last field is incomplete");
    field->type = format_[at_++];
    if (field->type == 'i' || field->type == 'u') field->type = 'd';
    if (!absl::StrContains("srdxXoeEfFgGca", field->type)) {
      return FormatError(absl::StrCat("unknown type '", std::string(1, field->type), "'"));
    }
    return absl::OkStatus();
  }

  StringOr FormatField(const Value& value, Field field) {
    if (field.type == 'c') return FormatCharacter(value, std::move(field));
    if (field.type == 's' || field.type == 'r' || field.type == 'a') {
      StringOr text = field.type == 's'   ? ToString(value)
                      : field.type == 'r' ? Repr(value)
                                          : ReprInAscii(value);
      if (!text.ok()) return text;
      if (markup_ && !value.IsMarkup()) text = EscapeHtml(*text);
      field.fill = " ";
      if (field.align == '=') field.align = '>';
      return PadField(TruncateField(*std::move(text), field), field, '>');
    }
    if (absl::StrContains("eEfFgG", field.type)) return FormatReal(value, field);
    Result whole = value;
    if (const auto* real = value.As<double>(); real != nullptr && field.type == 'd') {
      whole = FloatToInteger(*real);
      if (!whole.ok()) return whole.status();
    }
    if (!whole->IsInteger()) {
      return TypeError(absl::StrCat("format: %", std::string(1, field.type)), "a number", value);
    }
    return FormatInteger(*whole, field);
  }

  static StringOr FormatReal(const Value& value, const Field& field) {
    if (value.IsInteger()) {
      ASSIGN_OR_RETURN(const double whole, IntegerToFloat(value));
      return FormatFloat(whole, field);
    }
    const auto* real = value.As<double>();
    if (real == nullptr) {
      return TypeError(absl::StrCat("format: %", std::string(1, field.type)), "a number", value);
    }
    return FormatFloat(*real, field);
  }

  static StringOr FormatCharacter(const Value& value, Field field) {
    std::string text;
    int64_t code = 0;
    if (const auto* given = value.AsString()) {
      if (CountCharacters(*given) != 1) return FormatError("%c needs one character");
      text = *given;
    } else if (AsInteger(value, &code) && code >= 0 && code < 0x110000 &&
               !(code >= 0xD800 && code < 0xE000)) {
      AppendUtf8(static_cast<uint32_t>(code), &text);
    } else {
      return TypeError("format: %c", "a character", value);
    }
    field.fill = " ";
    if (field.align == '=') field.align = '>';
    return PadField(std::move(text), field, '>');
  }

  const std::string_view format_;
  const bool markup_;
  const Value& values_;
  Budget& budget_;
  size_t at_ = 0;
  size_t used_ = 0;
  // True after a field with a name.
  bool named_ = false;
  std::string out_;
};

}  // namespace

Result FormatPercent(std::string_view format, bool markup, const Value& values, Budget& budget) {
  return PercentFormatter(format, markup, values, budget).Run();
}

}  // namespace assay::jinja
