// Python's str() and repr() of template values.
#include "engine/jinja/values/to_string.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/map.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

void AppendEscape(uint32_t c, std::string* out) {
  std::array<char, 16> buffer{};
  const char* format = c < 0x100 ? "\\x%02x" : (c < 0x10000 ? "\\u%04x" : "\\U%08x");
  std::snprintf(buffer.data(), buffer.size(), format, c);
  *out += buffer.data();
}

// Counts one level of nesting during its lifetime, also across the writers of namespaces, which can
// contain themselves.
class DepthGuard {
 public:
  DepthGuard() { ++depth_; }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

  bool IsTooDeep() const { return depth_ > 2 * kMaxNesting; }

 private:
  static thread_local int depth_;
};

thread_local int DepthGuard::depth_ = 0;

class ReprWriter {
 public:
  absl::Status Add(const Value& value) {
    const DepthGuard depth;
    if (depth.IsTooDeep()) return NestsTooDeep();
    if (out_.size() > kMaxStringBytes) return StringTooLong();
    if (const auto* text = value.AsString()) {
      out_ += value.IsMarkup() ? absl::StrCat("Markup(", ReprOfString(*text), ")")
                               : ReprOfString(*text);
      return absl::OkStatus();
    }
    if (value.AsMap() != nullptr) return AddMap(*value.AsMap());
    if (value.AsSequence() != nullptr) return AddSequence(*value.AsSequence());
    return AddScalar(value);
  }
  std::string Finish() && { return std::move(out_); }

 private:
  absl::Status AddScalar(const Value& value) {
    if (value.IsUndefined()) {
      out_ += "Undefined";
    } else if (value.IsNone()) {
      out_ += "None";
    } else if (const auto* flag = value.As<bool>()) {
      out_ += *flag ? "True" : "False";
    } else if (value.IsInteger()) {
      ASSIGN_OR_RETURN(const std::string digits, IntegerToString(value));
      out_ += digits;
    } else if (const auto* real = value.As<double>()) {
      out_ += ReprOfFloat(*real);
    } else if (Object* object = value.AsObject()) {
      return AddObject(*object);
    } else {
      return absl::UnimplementedError(
          absl::StrCat("converting a ", TypeName(value), " to a string is not supported"));
    }
    return absl::OkStatus();
  }

  absl::Status AddObject(Object& object) {
    ASSIGN_OR_RETURN(const std::string text, object.Repr());
    out_ += text;
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
        out_ += absl::StrCat("range(", sequence.start, ", ", sequence.stop);
        if (sequence.step != 1) out_ += absl::StrCat(", ", sequence.step);
        out_ += ")";
        return absl::OkStatus();
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

}  // namespace

std::string ReprOfString(std::string_view text) {
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
    } else if (step.valid && !unicode::HasClass(c, unicode::kPrintable)) {
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
  // Python writes an exponent for numbers below 1e-4 and from 1e16 on.
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

absl::StatusOr<std::string> Repr(const Value& value) {
  ReprWriter writer;
  RETURN_IF_ERROR(writer.Add(value));
  return std::move(writer).Finish();
}

absl::StatusOr<std::string> ReprInAscii(const Value& value) {
  ASSIGN_OR_RETURN(const std::string text, Repr(value));
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    const Utf8Step step = NextUtf8(rest);
    if (step.valid && step.code_point >= 0x80) {
      AppendEscape(step.code_point, &out);
    } else {
      out += rest.substr(0, step.bytes);
    }
    at += step.bytes;
  }
  return out;
}

absl::StatusOr<std::string> ToString(const Value& value) {
  if (value.IsUndefined()) return "";
  if (const auto* text = value.AsString()) return *text;
  return Repr(value);
}

}  // namespace assay::jinja
