// Python's str.format(), after string.Formatter.vformat().
#include "engine/jinja/builtins/string_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/builtins/attributes.h"
#include "engine/jinja/values/format_spec.h"
#include "engine/jinja/values/number_format.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

using StringOr = absl::StatusOr<std::string>;

// A replacement field: {name!conversion:spec}.
struct BraceField {
  std::string_view name;
  char conversion = '\0';
  std::string_view spec;
};

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Formats one string and the specifications within it.
class BraceFormatter {
 public:
  BraceFormatter(bool markup, const Arguments& arguments, Run& run)
      : markup_(markup), arguments_(arguments), run_(run) {}

  // `depth` is the number of levels of specifications within the format.
  StringOr Format(std::string_view format, int depth) {
    if (depth < 0) return FormatError("a specification nests too deep");
    std::string out;
    while (!format.empty()) {
      const size_t brace = format.find_first_of("{}");
      if (brace == std::string_view::npos) {
        out += format;
        break;
      }
      out += format.substr(0, brace);
      const char c = format[brace];
      format.remove_prefix(brace + 1);
      if (format.starts_with(c)) {
        out += c;
        format.remove_prefix(1);
        continue;
      }
      if (c == '}' || format.empty()) return FormatError("a single brace must be doubled");
      ASSIGN_OR_RETURN(const BraceField field, ReadField(&format));
      ASSIGN_OR_RETURN(const std::string text, WriteField(field, depth));
      RETURN_IF_ERROR(run_.budget().SpendBytes(text.size()));
      out += text;
      if (out.size() > kMaxStringBytes) return StringTooLong();
    }
    return out;
  }

 private:
  // Reads a field up to its closing brace and removes it from `rest`.
  static absl::StatusOr<BraceField> ReadField(std::string_view* rest) {
    BraceField field;
    const std::string_view text = *rest;
    size_t at = 0;
    while (at < text.size() && text[at] != '}' && text[at] != ':' && text[at] != '!') {
      if (text[at] == '{') return FormatError("unexpected '{' in a field's name");
      if (text[at] == '[') at = std::min(text.find(']', at), text.size() - 1);
      ++at;
    }
    if (at >= text.size()) return FormatError("a field is not closed");
    field.name = text.substr(0, at);
    if (text[at] == '!') {
      if (at + 2 >= text.size()) return FormatError("a field is not closed");
      const size_t bytes = NextUtf8(text.substr(at + 1)).bytes;
      field.conversion = bytes == 1 ? text[at + 1] : '?';
      at += 1 + bytes;
      if (at >= text.size() || (text[at] != '}' && text[at] != ':')) {
        return FormatError("expected ':' after a conversion");
      }
    }
    if (text[at] == ':') {
      const size_t begin = ++at;
      for (int open = 1; at < text.size(); ++at) {
        if (text[at] == '{') ++open;
        if (text[at] == '}' && --open == 0) break;
      }
      if (at >= text.size()) return FormatError("a field is not closed");
      field.spec = text.substr(begin, at - begin);
    }
    rest->remove_prefix(at + 1);
    return field;
  }

  StringOr WriteField(const BraceField& field, int depth) {
    ASSIGN_OR_RETURN(Value value, FindValue(field.name));
    if (field.conversion != '\0') {
      StringOr text = field.conversion == 's'   ? ToString(value)
                      : field.conversion == 'r' ? Repr(value)
                      : field.conversion == 'a' ? ReprInAscii(value)
                                                : FormatError("the conversions are !s, !r and !a");
      if (!text.ok()) return text;
      // str() of markup is not markup.
      value = Value::String(*std::move(text));
    }
    ASSIGN_OR_RETURN(const std::string spec, Format(field.spec, depth - 1));
    if (!markup_) return FormatValue(value, spec);
    if (value.IsMarkup()) {
      if (!spec.empty()) return FormatError("markup has no format");
      return *value.AsString();
    }
    ASSIGN_OR_RETURN(const std::string plain, FormatValue(value, spec));
    return EscapeHtml(plain);
  }

  // Numbers are positions, and an empty name is the next position.
  absl::StatusOr<Value> FindArgument(std::string_view name) const {
    if (!IsNumber(name)) {
      for (const auto& [known, value] : arguments_.named) {
        if (known == name) return value;
      }
      return FormatError(absl::StrCat("there is no argument '", std::string(name), "'"));
    }
    size_t position = 0;
    if (!absl::SimpleAtoi(std::string(name), &position) ||
        position >= arguments_.positional.size()) {
      return FormatError(absl::StrCat("there is no argument ", std::string(name)));
    }
    return arguments_.positional[position];
  }

  absl::StatusOr<Value> FindValue(std::string_view name) {
    const size_t end = std::min(name.find_first_of(".["), name.size());
    std::string first(name.substr(0, end));
    if (name.empty()) {
      if (manual_) return FormatError("numbered and unnumbered fields are mixed");
      first = absl::StrCat(next_++);
    } else if (IsNumber(name)) {
      if (next_ > 0) return FormatError("numbered and unnumbered fields are mixed");
      manual_ = true;
    }
    ASSIGN_OR_RETURN(Value value, FindArgument(first));
    std::string_view rest = name.substr(end);
    while (!rest.empty()) {
      const bool attribute = rest[0] == '.';
      if (!attribute && rest[0] != '[') return FormatError("only '.' or '[' may follow ']'");
      rest.remove_prefix(1);
      const size_t stop =
          attribute ? std::min(rest.find_first_of(".["), rest.size()) : rest.find(']');
      if (stop == std::string_view::npos) return FormatError("a ']' is missing");
      const std::string_view part = rest.substr(0, stop);
      if (part.empty()) return FormatError("an attribute is empty");
      rest.remove_prefix(std::min(stop + (attribute ? 0 : 1), rest.size()));
      ASSIGN_OR_RETURN(value, attribute ? GetAttribute(value, part, run_) : Item(value, part));
    }
    return value;
  }

  Result Item(const Value& value, std::string_view part) {
    int64_t index = 0;
    if (IsNumber(part) && absl::SimpleAtoi(std::string(part), &index)) {
      return GetItem(value, Value{index}, run_);
    }
    return GetItem(value, Value::String(std::string(part)), run_);
  }

  const bool markup_;
  const Arguments& arguments_;
  Run& run_;
  // The position of the next field without a name.
  int64_t next_ = 0;
  // True after a field with a number.
  bool manual_ = false;
};

}  // namespace

Result FormatBraces(std::string_view format, bool markup, const Arguments& arguments, Run& run) {
  constexpr int kMaxDepth = 2;  // As in Python.
  ASSIGN_OR_RETURN(std::string text,
                   BraceFormatter(markup, arguments, run).Format(format, kMaxDepth));
  return Value::String(std::move(text), markup);
}

}  // namespace assay::jinja
