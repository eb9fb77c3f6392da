// The methods of strings that split and join.
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
#include "engine/jinja/builtins/string_methods.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/strings.h"
#include "engine/unicode/characters.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

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
    if (at == std::string_view::npos) break;
    const std::string_view before = text.substr(0, at);
    const std::string_view after = text.substr(at + separator.size());
    parts.push_back(from_right ? after : before);
    text = from_right ? before : after;
  }
  parts.push_back(text);
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

Result Split(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::Bind(call.name, call.arguments, {"sep", "maxsplit"}));
  ASSIGN_OR_RETURN(const int64_t limit, bound.GetInteger("maxsplit", -1));
  const bool from_right = call.name == "rsplit";
  const Value* separator = bound.Get("sep");
  if (separator == nullptr || separator->IsNone()) {
    return call.MakeList(SplitSpaces(call.text, limit, from_right), Kind::kList);
  }
  const std::string* text = separator->AsString();
  if (text == nullptr || text->empty()) {
    return absl::InvalidArgumentError("split() needs a separator that is not empty");
  }
  RETURN_IF_ERROR(call.run.budget().SpendSearch(call.text.size(), text->size()));
  return call.MakeList(SplitAt(call.text, *text, limit, from_right), Kind::kList);
}

Result Lines(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(call.name, call.arguments, {"keepends"}));
  const Value* keep = bound.Get("keepends");
  if (keep != nullptr && !keep->IsInteger() && keep->As<bool>() == nullptr) {
    return TypeError("splitlines()", "an integer", *keep);
  }
  return call.MakeList(SplitLines(call.text, bound.GetBool("keepends", false)), Kind::kList);
}

Result Partition(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"sep"}, 1));
  ASSIGN_OR_RETURN(const std::string separator, bound.GetString("sep", ""));
  if (separator.empty()) {
    return absl::InvalidArgumentError("partition() needs a separator that is not empty");
  }
  const bool right = call.name == "rpartition";
  const size_t at = right ? call.text.rfind(separator) : call.text.find(separator);
  std::vector<std::string_view> parts = {call.text, "", ""};
  if (at == std::string_view::npos && right) std::swap(parts[0], parts[2]);
  if (at != std::string_view::npos) {
    parts = {call.text.substr(0, at), separator, call.text.substr(at + separator.size())};
  }
  return call.MakeList(parts, Kind::kTuple);
}

Result Join(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"items"}, 1));
  ASSIGN_OR_RETURN(const List items, GetItems(*bound.Get("items"), call.run.budget()));
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (const Value& item : items) {
    const std::string* text = item.AsString();
    if (text == nullptr) return TypeError("join()", "strings", item);
    texts.push_back(call.markup && !item.IsMarkup() ? EscapeHtml(*text) : *text);
  }
  ASSIGN_OR_RETURN(std::string joined, JoinStrings(texts, call.text));
  RETURN_IF_ERROR(call.run.budget().SpendBytes(joined.size()));
  return call.Make(std::move(joined));
}

}  // namespace

const StringMethods& SplitMethods() {
  static const auto* const kMethods =
      new StringMethods{{"split", Split},         {"rsplit", Split},         {"splitlines", Lines},
                        {"partition", Partition}, {"rpartition", Partition}, {"join", Join}};
  return *kMethods;
}

}  // namespace assay::jinja
