// Python's str(), repr(), == and < of template values.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {
namespace {

using Value = Value;
using Kind = SequenceKind;

// Characters that Python's repr() escapes, beyond ASCII: blanks, controls, formats, private use.
bool IsUnprintable(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD || c == 0x1680 || c == 0x180E ||
         (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
         (c >= 0x205F && c <= 0x206F) || c == 0x3000 || (c >= 0xD800 && c <= 0xF8FF) ||
         c == 0xFEFF || (c >= 0xFFF0 && c <= 0xFFFB) || c == 0xFFFE || c == 0xFFFF ||
         (c >= 0xE0000 && c <= 0xE0FFF) || c >= 0xF0000;
}

void AppendEscape(uint32_t c, std::string* out) {
  std::array<char, 16> buffer{};
  const char* format = c < 0x100 ? "\\x%02x" : (c < 0x10000 ? "\\u%04x" : "\\U%08x");
  std::snprintf(buffer.data(), buffer.size(), format, c);
  *out += buffer.data();
}

class Writer {
 public:
  absl::Status Add(const Value& value) {
    if (out_.size() > kMaxTemplateTextBytes) {
      return TextTooLong();
    }
    if (const auto* text = value.AsText()) {
      out_ +=
          value.IsMarkup() ? absl::StrCat("Markup(", ReprOfText(*text), ")") : ReprOfText(*text);
      return absl::OkStatus();
    }
    if (value.AsMap() != nullptr) return AddMap(*value.AsMap());
    if (value.AsSequence() != nullptr) return AddSequence(*value.AsSequence());
    return AddScalar(value);
  }
  std::string Take() { return std::move(out_); }

 private:
  absl::Status AddScalar(const Value& value) {
    if (value.IsUndefined()) {
      out_ += "Undefined";
    } else if (value.IsNone()) {
      out_ += "None";
    } else if (const auto* flag = value.As<bool>()) {
      out_ += *flag ? "True" : "False";
    } else if (const auto* number = value.As<int64_t>()) {
      out_ += absl::StrCat(*number);
    } else if (const auto* real = value.As<double>()) {
      out_ += ReprOfFloat(*real);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("a ", std::string(TypeName(value)), " has no text"));
    }
    return absl::OkStatus();
  }

  absl::Status AddMap(const Map& map) {
    out_ += "{";
    bool first = true;
    for (const auto& [key, value] : map.entries()) {
      if (!first) out_ += ", ";
      first = false;
      RETURN_IF_ERROR(Add(key));
      out_ += ": ";
      RETURN_IF_ERROR(Add(value));
    }
    out_ += "}";
    return absl::OkStatus();
  }

  absl::Status AddSequence(const Sequence& sequence) {
    std::string_view open = "[";
    std::string_view close = "]";
    switch (sequence.kind) {
      case Kind::kList:
        break;
      case Kind::kTuple:
        open = "(";
        close = sequence.items.size() == 1 ? ",)" : ")";
        break;
      case Kind::kKeys:
        open = "dict_keys([";
        close = "])";
        break;
      case Kind::kValues:
        open = "dict_values([";
        close = "])";
        break;
      case Kind::kItems:
        open = "dict_items([";
        close = "])";
        break;
      case Kind::kRange:
      case Kind::kGenerator:
        return absl::UnimplementedError("the text of a range or generator is not read yet");
    }
    out_ += open;
    for (size_t i = 0; i < sequence.items.size(); ++i) {
      if (i > 0) out_ += ", ";
      RETURN_IF_ERROR(Add(sequence.items[i]));
    }
    out_ += close;
    return absl::OkStatus();
  }

  std::string out_;
};

// Kinds of sequences that Python compares by items.
bool SameSequenceKind(const Sequence& a, const Sequence& b) {
  return a.kind == b.kind && a.kind != Kind::kGenerator && a.kind != Kind::kValues;
}

absl::StatusOr<bool> SequencesEqual(const Sequence& a, const Sequence& b, Budget& budget) {
  if (!SameSequenceKind(a, b) || a.items.size() != b.items.size()) return &a == &b;
  for (size_t i = 0; i < a.items.size(); ++i) {
    absl::StatusOr<bool> equal = ValuesEqual(a.items[i], b.items[i], budget);
    if (!equal.ok() || !*equal) return equal;
  }
  return true;
}

absl::StatusOr<bool> MapsEqual(const Map& a, const Map& b, Budget& budget) {
  if (a.entries().size() != b.entries().size()) return false;
  for (const auto& [key, value] : a.entries()) {
    ASSIGN_OR_RETURN(const Value* other, b.Find(key));
    if (other == nullptr) return false;
    absl::StatusOr<bool> equal = ValuesEqual(value, *other, budget);
    if (!equal.ok() || !*equal) return equal;
  }
  return true;
}

}  // namespace

std::string ReprOfText(std::string_view text) {
  const bool doubled = text.find('\'') != text.npos && text.find('"') == text.npos;
  const char quote = doubled ? '"' : '\'';
  std::string out(1, quote);
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    const uint32_t c = step.code_point;
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += {'\\', static_cast<char>(c)};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (step.valid && IsUnprintable(c)) {
      AppendEscape(c, &out);
    } else {
      out += text.substr(at, step.bytes);
    }
    at += step.bytes;
  }
  out += quote;
  return out;
}

std::string ReprOfFloat(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer{};
  // Python writes an exponent below 1e-4 and from 1e16 on.
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-4 || size >= 1e16);
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    exponent ? std::chars_format::scientific : std::chars_format::fixed)
          .ptr;
  std::string text(buffer.data(), end);
  if (!exponent && text.find('.') == text.npos) text += ".0";
  return text;
}

absl::StatusOr<std::string> ReprOf(const Value& value) {
  Writer writer;
  RETURN_IF_ERROR(writer.Add(value));
  return writer.Take();
}

absl::StatusOr<std::string> TextOf(const Value& value) {
  if (value.IsUndefined()) return "";
  if (const auto* text = value.AsText()) return *text;
  return ReprOf(value);
}

absl::StatusOr<bool> ValuesEqual(const Value& a, const Value& b, Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(1));
  if (const std::optional<bool> equal = NumbersEqual(a, b)) return *equal;
  if (a.data.index() != b.data.index()) return false;
  if (const auto* text = a.AsText()) {
    RETURN_IF_ERROR(budget.SpendBytes(text->size()));
    return *text == *b.AsText();
  }
  if (a.AsSequence() != nullptr) return SequencesEqual(*a.AsSequence(), *b.AsSequence(), budget);
  if (a.AsMap() != nullptr) return MapsEqual(*a.AsMap(), *b.AsMap(), budget);
  return a.AsObject() == b.AsObject();
}

absl::StatusOr<bool> ValueLess(const Value& a, const Value& b, Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(1));
  double x = 0;
  double y = 0;
  int64_t i = 0;
  int64_t j = 0;
  if (AsTemplateInteger(a, &i) && AsTemplateInteger(b, &j)) return i < j;
  if (AsTemplateNumber(a, &x) && AsTemplateNumber(b, &y)) return x < y;
  if (a.AsText() != nullptr && b.AsText() != nullptr) {
    RETURN_IF_ERROR(budget.SpendBytes(a.AsText()->size()));
    return *a.AsText() < *b.AsText();  // UTF-8 sorts as code points do.
  }
  const Sequence* left = a.AsSequence();
  const Sequence* right = b.AsSequence();
  if (left != nullptr && right != nullptr && left->kind == right->kind &&
      (left->kind == Kind::kList || left->kind == Kind::kTuple)) {
    const size_t shared = std::min(left->items.size(), right->items.size());
    for (size_t i = 0; i < shared; ++i) {
      absl::StatusOr<bool> equal = ValuesEqual(left->items[i], right->items[i], budget);
      if (!equal.ok()) return equal;
      if (!*equal) return ValueLess(left->items[i], right->items[i], budget);
    }
    return left->items.size() < right->items.size();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(TypeName(a)), " and ", std::string(TypeName(b)), " have no order"));
}

}  // namespace assay::jinja
