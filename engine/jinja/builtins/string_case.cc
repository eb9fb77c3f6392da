// The methods of strings that convert the case or test the class of all characters.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/builtins/string_methods.h"
#include "engine/unicode/casing.h"
#include "engine/unicode/characters.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

Result Case(const StringCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  if (call.name == "upper") return call.Make(unicode::ToUpper(call.text));
  if (call.name == "lower") return call.Make(unicode::ToLower(call.text));
  if (call.name == "title") return call.Make(unicode::ToTitle(call.text));
  if (call.name == "swapcase") return call.Make(unicode::SwapCase(call.text));
  if (call.name == "casefold") return call.Make(unicode::FoldCase(call.text));
  return call.Make(unicode::Capitalize(call.text));
}

// Calls visit(code_point) for each character until it returns false. Returns false if it did.
template <typename Visit>
bool AllCharacters(std::string_view text, Visit visit) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    if (!visit(step.code_point)) return false;
    at += step.bytes;
  }
  return true;
}

// The classes of which each character must have one.
unsigned RequiredClasses(std::string_view name) {
  if (name == "isalpha") return unicode::kAlpha;
  if (name == "isdecimal") return unicode::kDecimal;
  if (name == "isdigit") return unicode::kDigit;
  if (name == "isnumeric") return unicode::kNumeric;
  if (name == "isprintable") return unicode::kPrintable;
  return unicode::kAlpha | unicode::kDecimal | unicode::kDigit | unicode::kNumeric;
}

Result IsKind(const StringCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  const unsigned classes = RequiredClasses(call.name);
  const bool all =
      AllCharacters(call.text, [&](uint32_t c) { return unicode::HasClass(c, classes); });
  return Value{all && (!call.text.empty() || call.name == "isprintable")};
}

Result IsSpace(const StringCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  return Value{!call.text.empty() && AllCharacters(call.text, unicode::IsPythonSpace)};
}

Result IsAscii(const StringCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  return Value{AllCharacters(call.text, [](uint32_t c) { return c < 0x80; })};
}

Result IsIdentifier(const StringCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  bool first = true;
  const bool all = AllCharacters(call.text, [&](uint32_t c) {
    const unsigned part = first ? unicode::kIdentifierStart : unicode::kIdentifierPart;
    first = false;
    return unicode::HasClass(c, part);
  });
  return Value{all && !call.text.empty()};
}

Result IsCase(const StringCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  return Value{call.name == "islower" ? unicode::IsLower(call.text) : unicode::IsUpper(call.text)};
}

Result IsTitle(const StringCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  bool cased = false;
  bool in_word = false;
  const bool all = AllCharacters(call.text, [&](uint32_t c) {
    const bool capital = unicode::HasClass(c, unicode::kUpper | unicode::kTitle);
    const bool small = unicode::HasClass(c, unicode::kLower);
    if ((capital && in_word) || (small && !in_word)) return false;
    in_word = capital || small;
    cased = cased || in_word;
    return true;
  });
  return Value{all && cased};
}

}  // namespace

const StringMethods& CaseMethods() {
  static const auto* const kMethods = new StringMethods{
      {"upper", Case},       {"lower", Case},         {"title", Case},
      {"capitalize", Case},  {"swapcase", Case},      {"casefold", Case},
      {"isalpha", IsKind},   {"isalnum", IsKind},     {"isdecimal", IsKind},
      {"isdigit", IsKind},   {"islower", IsCase},     {"isupper", IsCase},
      {"isnumeric", IsKind}, {"istitle", IsTitle},    {"isspace", IsSpace},
      {"isascii", IsAscii},  {"isprintable", IsKind}, {"isidentifier", IsIdentifier}};
  return *kMethods;
}

}  // namespace assay::jinja
