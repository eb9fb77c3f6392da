// The filters that lay out text: indent, truncate, wordwrap, wordcount.
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
#include "base/utf8.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/text_wrapper.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/strings.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

constexpr int64_t kDefaultIndentation = 4;
constexpr int64_t kMaxIndentation = 10'000;

// Returns the indentation: the string itself, or that many spaces.
absl::StatusOr<std::string> ReadIndentation(const Value& width) {
  if (const auto* text = width.AsString()) return *text;
  int64_t count = 0;
  if (!AsInteger(width, &count)) return TypeError("indent", "an integer or a string", width);
  if (count > kMaxIndentation) {
    return absl::InvalidArgumentError(
        absl::StrCat("an indent of ", count, " spaces; at most ", kMaxIndentation));
  }
  return std::string(static_cast<size_t>(std::max<int64_t>(count, 0)), ' ');
}

Result Indent(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"width", "first", "blank"}));
  ASSIGN_OR_RETURN(std::string by,
                   ReadIndentation(bound.GetOr("width", Value{kDefaultIndentation})));
  if (call.value.AsString() == nullptr) return TypeError("indent", "a string", call.value);
  const Value* width = bound.Get("width");
  if (call.value.IsMarkup() && (width == nullptr || !width->IsMarkup())) by = EscapeHtml(by);
  ASSIGN_OR_RETURN(std::string text, call.ReadString());
  text += '\n';
  const std::vector<std::string_view> lines = SplitLines(text, false);
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    const bool indented =
        i == 0 ? bound.GetBool("first", false) : bound.GetBool("blank", false) || !lines[i].empty();
    if (indented) out += by;
    out += lines[i];
    if (out.size() > kMaxStringBytes) return StringTooLong();
  }
  RETURN_IF_ERROR(call.run.budget().SpendBytes(out.size()));
  return Value::String(std::move(out), call.value.IsMarkup());
}

Result Truncate(const FilterCall& call) {
  constexpr int64_t kDefaultLength = 255;
  constexpr int64_t kDefaultLeeway = 5;
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"length", "killwords", "end", "leeway"}));
  ASSIGN_OR_RETURN(const int64_t length, bound.GetClamped("length", kDefaultLength));
  const bool default_leeway = bound.GetOr("leeway", Value::None()).IsNone();
  ASSIGN_OR_RETURN(const int64_t leeway,
                   default_leeway ? kDefaultLeeway : bound.GetClamped("leeway", 0));
  ASSIGN_OR_RETURN(const int64_t end_length, GetLength(bound.GetOr("end", Value::String("..."))));
  if (length < end_length || leeway < 0) {
    return absl::InvalidArgumentError("truncate: the length or the leeway is too small");
  }
  if (const std::string* text = call.value.AsString()) {
    RETURN_IF_ERROR(call.run.budget().SpendBytes(text->size()));
  }
  ASSIGN_OR_RETURN(const int64_t given, GetLength(call.value));
  if (given <= length + leeway) return call.value;
  ASSIGN_OR_RETURN(const std::string end, bound.GetString("end", "..."));
  if (call.value.AsString() == nullptr) return TypeError("truncate", "a string", call.value);
  ASSIGN_OR_RETURN(const std::string text, call.ReadString());
  RETURN_IF_ERROR(call.run.budget().SpendBytes(text.size() * 8));
  const std::vector<size_t> offsets = CharacterOffsets(text);
  std::string_view kept =
      std::string_view(text).substr(0, offsets[static_cast<size_t>(length - end_length)]);
  if (!bound.GetBool("killwords", false)) kept = kept.substr(0, kept.rfind(' '));
  const Value* end_value = bound.Get("end");
  const bool markup = call.value.IsMarkup();
  const bool plain_end = end_value == nullptr || !end_value->IsMarkup();
  return Value::String(absl::StrCat(std::string(kept), markup && plain_end ? EscapeHtml(end) : end),
                       markup);
}

Result WordWrap(const FilterCall& call) {
  constexpr int64_t kDefaultWidth = 79;
  ASSIGN_OR_RETURN(const auto bound,
                   call.Bind({"width", "break_long_words", "wrapstring", "break_on_hyphens"}));
  if (call.value.AsString() == nullptr) return TypeError("wordwrap", "a string", call.value);
  ASSIGN_OR_RETURN(const std::string text, call.ReadString());
  const bool default_break = bound.GetOr("wrapstring", Value::None()).IsNone();
  ASSIGN_OR_RETURN(const std::string line_break,
                   default_break ? std::string("\n") : bound.GetString("wrapstring", "\n"));
  RETURN_IF_ERROR(call.run.budget().SpendBytes(text.size() * 16));
  const std::vector<std::string_view> lines = SplitLines(text, false);
  if (lines.empty()) return Value::String("");
  ASSIGN_OR_RETURN(const int64_t width, bound.GetClamped("width", kDefaultWidth));
  std::vector<std::string> wrapped;
  for (const std::string_view line : lines) {
    ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                     WrapText(line, {.width = width,
                                     .break_long_words = bound.GetBool("break_long_words", true),
                                     .break_on_hyphens = bound.GetBool("break_on_hyphens", true)}));
    ASSIGN_OR_RETURN(std::string joined, JoinStrings(parts, line_break));
    wrapped.push_back(std::move(joined));
  }
  ASSIGN_OR_RETURN(std::string out, JoinStrings(wrapped, line_break));
  return Value::String(std::move(out));
}

// Counts the runs of word characters: \w+ of Python.
Result WordCount(const FilterCall& call) {
  constexpr unsigned kWord =
      unicode::kAlpha | unicode::kDecimal | unicode::kDigit | unicode::kNumeric;
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(const std::string text, call.ReadString());
  int64_t words = 0;
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(std::string_view(text).substr(at));
    const bool word = step.code_point == '_' || unicode::HasClass(step.code_point, kWord);
    if (word && !in_word) ++words;
    in_word = word;
    at += step.bytes;
  }
  return Value{words};
}

}  // namespace

const Filters& TextFilters() {
  static const auto* const kFilters = new Filters{
      {"indent", Indent}, {"truncate", Truncate}, {"wordwrap", WordWrap}, {"wordcount", WordCount}};
  return *kFilters;
}

}  // namespace assay::jinja
