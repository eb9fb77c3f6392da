// Keys as text.
#include "client/terminal/key_tables.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumber = 6;

std::string LimitsText(const v1::KeyLimits& limits) {
  std::vector<std::string> parts;
  const auto add = [&parts](int64_t value, const char* unit) {
    if (value > 0) parts.push_back(absl::StrCat(value, unit));
  };
  add(limits.requests_per_minute(), " calls/min");
  add(limits.max_concurrent(), " at once");
  add(limits.tokens_per_day(), " tokens/day");
  if (limits.max_priority() != 0) {
    parts.push_back(absl::StrCat("priority up to ", limits.max_priority()));
  }
  if (limits.share() != 1) parts.push_back(absl::StrCat("share ", limits.share()));
  if (!limits.models().empty()) {
    parts.push_back(absl::StrCat("models ", absl::StrJoin(limits.models(), " ")));
  }
  return parts.empty() ? "-" : OneLine(absl::StrJoin(parts, ", "));
}

}  // namespace

std::string KeyTable(const v1::ListKeysResponse& reply) {
  Table table{.header = {"NAME", "ID", "ROLES", "LIMITS", "EXPIRES", "LAST USED", "TOKENS TODAY"},
              .first_right = kFirstNumber};
  for (const v1::Key& key : reply.keys()) {
    table.rows.push_back({OneLine(key.name()), OneLine(key.id()),
                          OneLine(absl::StrJoin(key.roles(), ",")), LimitsText(key.limits()),
                          key.has_expires_at() ? FormatTime(key.expires_at()) : "never",
                          key.has_last_used_at() ? FormatTime(key.last_used_at()) : "-",
                          absl::StrCat(key.tokens_today())});
  }
  return absl::StrCat(
      reply.keys().empty() ? "" : FormatTable(table), reply.keys_size(),
      reply.keys_size() == 1 ? " key" : " keys",
      reply.required() ? "" : "; the server does not ask for keys now (access.keys is off)", "\n");
}

std::string KeyLines(const v1::Key& key) {
  return absl::StrCat("key ", OneLine(key.name()), " (", OneLine(key.id()),
                      "): ", OneLine(absl::StrJoin(key.roles(), ", ")), "; expires ",
                      key.has_expires_at() ? FormatTime(key.expires_at()) : "never",
                      "; limits: ", LimitsText(key.limits()), "\n");
}

}  // namespace assay::client
