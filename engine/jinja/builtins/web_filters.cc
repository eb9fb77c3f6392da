// The filters for HTML and URLs.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

// Quotes a part of a URL. In a query, a space is '+' and a slash is quoted.
absl::StatusOr<std::string> QuoteUrl(const Value& value, bool query) {
  ASSIGN_OR_RETURN(const std::string text, ToString(value));
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("_.-~", c) || (c == '/' && !query)) {
      out += c;
    } else if (c == ' ' && query) {
      out += '+';
    } else {
      out += {'%', "0123456789ABCDEF"[byte / 16], "0123456789ABCDEF"[byte % 16]};
    }
    if (out.size() > kMaxStringBytes) return StringTooLong();
  }
  return out;
}

Result UrlEncode(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  if (call.value.AsString() != nullptr || !IsIterable(call.value)) {
    ASSIGN_OR_RETURN(std::string quoted, QuoteUrl(call.value, false));
    RETURN_IF_ERROR(call.run.budget().SpendBytes(quoted.size()));
    return Value::String(std::move(quoted));
  }
  Value pairs = call.value;
  if (call.value.AsMap() != nullptr) {
    ASSIGN_OR_RETURN(pairs, CallMethod(call.value, "items", {}, call.run));
  }
  ASSIGN_OR_RETURN(const List items, GetItems(pairs, call.run.budget()));
  std::vector<std::string> parts;
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(const List pair, GetItems(item, call.run.budget()));
    if (pair.size() != 2) return TypeError("urlencode", "pairs", item);
    ASSIGN_OR_RETURN(const std::string key, QuoteUrl(pair[0], true));
    ASSIGN_OR_RETURN(const std::string value, QuoteUrl(pair[1], true));
    RETURN_IF_ERROR(call.run.budget().SpendBytes(key.size() + value.size()));
    parts.push_back(absl::StrCat(key, "=", value));
  }
  ASSIGN_OR_RETURN(std::string joined, JoinStrings(parts, "&"));
  return Value::String(std::move(joined));
}

absl::StatusOr<std::string> Escape(const Value& value) {
  ASSIGN_OR_RETURN(std::string text, ToString(value));
  return value.IsMarkup() ? text : EscapeHtml(text);
}

Result XmlAttributes(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"autospace"}));
  const Map* map = call.value.AsMap();
  if (map == nullptr) return TypeError("xmlattr", "a dictionary", call.value);
  std::string out;
  for (const auto& [key, value] : map->entries()) {
    if (value.IsNone() || value.IsUndefined()) continue;
    const std::string* name = key.AsString();
    if (name == nullptr) return TypeError("xmlattr", "a string as a name", key);
    if (name->find_first_of(" \t\n\r\f\v/>=") != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("xmlattr: invalid character in the name ", ReprOfString(*name)));
    }
    ASSIGN_OR_RETURN(const std::string left, Escape(key));
    ASSIGN_OR_RETURN(const std::string right, Escape(value));
    RETURN_IF_ERROR(call.run.budget().SpendBytes(left.size() + right.size()));
    if (!out.empty()) out += ' ';
    absl::StrAppend(&out, left, "=\"", right, "\"");
    if (out.size() > kMaxStringBytes) return StringTooLong();
  }
  if (bound.GetBool("autospace", true) && !out.empty()) out.insert(0, " ");
  return Value::String(std::move(out));
}

// Removes all parts from `begin` to `end`, as long as there is an end.
std::string RemoveParts(std::string_view text, std::string_view begin, std::string_view end) {
  std::string out;
  while (true) {
    const size_t start = text.find(begin);
    const size_t stop = start == std::string_view::npos ? start : text.find(end, start);
    if (stop == std::string_view::npos) return out.append(text);
    out += text.substr(0, start);
    text.remove_prefix(stop + end.size());
  }
}

// Replaces the five character references that `escape` writes.
absl::StatusOr<std::string> UnescapeHtml(std::string_view text) {
  constexpr std::pair<std::string_view, char> kReferences[] = {{"&amp;", '&'},  {"&lt;", '<'},
                                                               {"&gt;", '>'},   {"&#34;", '"'},
                                                               {"&#39;", '\''}, {"&quot;", '"'}};
  std::string out;
  while (!text.empty()) {
    const size_t at = std::min(text.find('&'), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    const auto* const known =
        std::find_if(std::begin(kReferences), std::end(kReferences),
                     [&](const auto& reference) { return text.starts_with(reference.first); });
    if (known != std::end(kReferences)) {
      out += known->second;
      text.remove_prefix(known->first.size());
      continue;
    }
    const char next = text.size() > 1 ? text[1] : ' ';
    if (!absl::StrContains("\t\n\f <&;", next)) {
      return absl::UnimplementedError(
          "striptags of a text with other character references than &amp; &lt; &gt; &quot; &#34; "
          "and &#39; is not supported");
    }
    out += '&';
    text.remove_prefix(1);
  }
  return out;
}

Result StripTags(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(const std::string text, call.ReadString());
  const std::string plain = RemoveParts(RemoveParts(text, "<!--", "-->"), "<", ">");
  ASSIGN_OR_RETURN(const Value words, CallMethod(Value::String(plain), "split", {}, call.run));
  std::vector<std::string> parts;
  for (const Value& word : words.AsSequence()->items) parts.push_back(*word.AsString());
  ASSIGN_OR_RETURN(std::string out, UnescapeHtml(absl::StrJoin(parts, " ")));
  return Value::String(std::move(out));
}

}  // namespace

const Filters& WebFilters() {
  static const auto* const kFilters =
      new Filters{{"urlencode", UrlEncode}, {"xmlattr", XmlAttributes}, {"striptags", StripTags}};
  return *kFilters;
}

}  // namespace assay::jinja
