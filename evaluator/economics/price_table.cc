// Reading of price tables.
#include "evaluator/economics/price_table.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "base/status_macros.h"
#include "base/yaml/reader.h"

namespace assay::evaluator {
namespace {

constexpr double kMaxPriceUsd = 1e6;
constexpr size_t kMaxEntries = 1000;
constexpr size_t kMaxNameLength = 128;
constexpr absl::string_view kNamePunctuation = "._/:-";
constexpr size_t kDateLength = 10;

bool IsDate(const std::string& text) {
  absl::CivilDay day;
  return text.size() == kDateLength && absl::ParseCivilTime(text, &day) &&
         absl::FormatCivilTime(day) == text;
}

bool IsName(std::string_view text) {
  return text.size() <= kMaxNameLength &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) ||
                  absl::StrContains(kNamePunctuation, static_cast<char>(c));
         });
}

HostedPrice ReadEntry(YamlMap map, const std::string& as_of) {
  HostedPrice price;
  price.name = map.RequiredString("name");
  price.as_of = as_of;
  if (!IsName(price.name)) {
    map.Error("name", absl::StrCat("'", price.name, "' must be 1 to ", kMaxNameLength,
                                   " letters, digits or . _ / : -"));
  }
  const auto read = [&map](std::string_view key) { return map.Number(key, 0, 0, kMaxPriceUsd); };
  price.usd_per_million_input_tokens = read("usd_per_million_input_tokens");
  price.usd_per_million_output_tokens = read("usd_per_million_output_tokens");
  price.usd_per_request = read("usd_per_request");
  if (!map.Has("usd_per_request") &&
      !(map.Has("usd_per_million_input_tokens") && map.Has("usd_per_million_output_tokens"))) {
    map.Error("", absl::StrCat("'", price.name,
                               "' has no price; give usd_per_million_input_tokens and "
                               "usd_per_million_output_tokens, or usd_per_request"));
  }
  return price;
}

absl::StatusOr<PriceTable> Read(YamlDocument& document, const std::string& path) {
  PriceTable table;
  table.path = path;
  YamlMap root = document.root();
  table.as_of = root.RequiredString("as_of");
  if (!IsDate(table.as_of)) {
    root.Error("as_of", absl::StrCat("'", table.as_of, "' is not a date as in 2025-11-25"));
  }
  table.source = root.String("source", "");
  const std::vector<YamlMap> entries = root.Maps("entries");
  if (entries.empty() || entries.size() > kMaxEntries) {
    root.Error("entries", absl::StrCat("has ", entries.size(), "; give 1 to ", kMaxEntries));
    return document.Finish();
  }
  std::set<std::string> names;
  table.entries.reserve(entries.size());
  for (YamlMap entry : entries) {
    HostedPrice price = ReadEntry(entry, table.as_of);
    if (!names.insert(price.name).second) {
      entry.Error("name",
                  absl::StrCat("'", price.name, "' is duplicated; give each entry its own name"));
    }
    table.entries.push_back(std::move(price));
  }
  RETURN_IF_ERROR(document.Finish());
  return table;
}

}  // namespace

absl::StatusOr<HostedPrice> PriceTable::Find(std::string_view name) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [name](const HostedPrice& entry) { return entry.name == name; });
  if (found != entries.end()) return *found;
  const std::string known = absl::StrJoin(
      entries, ", ",
      [](std::string* out, const HostedPrice& entry) { absl::StrAppend(out, entry.name); });
  return absl::NotFoundError(absl::StrCat("'", std::string(name), "' is not in the price table ",
                                          path, " (as of ", as_of, "); give one of ", known));
}

absl::StatusOr<PriceTable> LoadPriceTable(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<YamlDocument> document, YamlDocument::Load(path));
  return Read(*document, path);
}

absl::StatusOr<PriceTable> ParsePriceTable(std::string_view text, const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<YamlDocument> document, YamlDocument::Parse(text, path));
  return Read(*document, path);
}

absl::StatusOr<PriceTable> BuiltInPriceTable() {
  return ParsePriceTable(kBuiltInPricesYaml, "built-in prices.yaml");
}

}  // namespace assay::evaluator
