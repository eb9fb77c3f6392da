// Reads files of keys and makes their text.
#include "server/access/key_file.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "base/whole_file.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr int kIndent = 2;
constexpr size_t kHashDigits = 64;

std::string TimeText(absl::Time time) { return absl::FormatTime(time, absl::UTCTimeZone()); }

absl::StatusOr<absl::Time> ParseTime(const Json& json, const char* field) {
  absl::Time time;
  std::string error;
  const std::string text = json.at(field).get<std::string>();
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", text, " is not a time: ", error));
}

Json ToJson(const StoredKey& stored) {
  const ApiKey& key = stored.key;
  Json json = {{"id", key.id},
               {"name", key.name},
               {"sha256", key.hash},
               {"roles", key.roles.Names()},
               {"created_at", TimeText(key.created_at)}};
  if (key.expires_at != absl::InfiniteFuture()) json["expires_at"] = TimeText(key.expires_at);
  json["requests_per_minute"] = key.limits.requests_per_minute;
  json["max_concurrent"] = key.limits.max_concurrent;
  json["tokens_per_day"] = key.limits.tokens_per_day;
  json["max_priority"] = key.limits.max_priority;
  json["share"] = key.limits.share;
  json["models"] = key.limits.models;
  json["spent"] = {{"day", stored.spent.day}, {"tokens", stored.spent.tokens}};
  return json;
}

absl::StatusOr<StoredKey> FromJson(const Json& json) {
  StoredKey stored;
  ApiKey& key = stored.key;
  key.id = json.at("id").get<std::string>();
  key.name = json.at("name").get<std::string>();
  key.hash = json.at("sha256").get<std::string>();
  if (key.hash.size() != kHashDigits) {
    return absl::InvalidArgumentError("sha256: does not have 64 hexadecimal digits");
  }
  ASSIGN_OR_RETURN(key.roles, ParseRoles(json.at("roles").get<std::vector<std::string>>()));
  ASSIGN_OR_RETURN(key.created_at, ParseTime(json, "created_at"));
  if (json.contains("expires_at")) {
    ASSIGN_OR_RETURN(key.expires_at, ParseTime(json, "expires_at"));
  }
  key.limits = {.requests_per_minute = json.at("requests_per_minute").get<int64_t>(),
                .max_concurrent = json.at("max_concurrent").get<int64_t>(),
                .tokens_per_day = json.at("tokens_per_day").get<int64_t>(),
                .max_priority = json.at("max_priority").get<int>(),
                .share = json.at("share").get<double>(),
                .models = json.at("models").get<std::vector<std::string>>()};
  stored.spent = {.day = json.at("spent").at("day").get<int64_t>(),
                  .tokens = json.at("spent").at("tokens").get<int64_t>()};
  // A key that has expired is valid in the file; Find() refuses it.
  RETURN_IF_ERROR(ValidateKey(key, absl::InfinitePast()));
  return stored;
}

}  // namespace

std::string KeyFileText(const std::vector<StoredKey>& keys) {
  Json list = Json::array();
  for (const StoredKey& key : keys) list.push_back(ToJson(key));
  return absl::StrCat(Json({{"version", kVersion}, {"keys", std::move(list)}}).dump(kIndent), "\n");
}

absl::StatusOr<std::vector<StoredKey>> ParseKeyFile(std::string_view text) {
  std::vector<StoredKey> keys;
  try {
    const Json json = Json::parse(text);
    if (json.at("version") != kVersion) {
      return absl::InvalidArgumentError(
          absl::StrCat("version: ", json.at("version").dump(),
                       " is unknown; the file is of a newer assayd, or not a file of keys"));
    }
    for (const Json& item : json.at("keys")) {
      absl::StatusOr<StoredKey> key = FromJson(item);
      if (!key.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat("keys[", keys.size(), "].", std::string(key.status().message())));
      }
      keys.push_back(*std::move(key));
    }
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("keys[", keys.size(), "]: ", error.what()));
  }
  return keys;
}

absl::StatusOr<std::vector<StoredKey>> ReadKeyFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadWholeFile(path, kMaxKeyFileBytes);
  if (absl::IsNotFound(text.status())) return std::vector<StoredKey>();
  RETURN_IF_ERROR(text.status());
  absl::StatusOr<std::vector<StoredKey>> keys = ParseKeyFile(*text);
  if (!keys.ok()) return Annotate(keys.status(), path);
  return keys;
}

}  // namespace assay::server
