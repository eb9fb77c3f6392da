// Reads `evaluation.judges` of assayd.yaml.
#include "server/config/judges_config.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/http/url.h"

namespace assay::server {
namespace {

using evaluator::JudgeOptions;

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxJudges = 16;
constexpr double kMaxUsdPerMillion = 1e6;
constexpr double kMaxTimeoutSeconds = 600;
// The name of the majority in summaries.
constexpr std::string_view kJury = "jury";

bool IsWord(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [more](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  std::find(more.begin(), more.end(), c) != more.end();
         });
}

// Lower-case letters are not allowed, because most keys have them.
bool IsVariable(std::string_view text) {
  return IsWord(text, "_") && !absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return absl::ascii_islower(static_cast<unsigned char>(c)); });
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "[::1]";
}

void CheckEndpoint(YamlMap& map, const JudgeOptions& judge) {
  const absl::StatusOr<http::Origin> origin = http::OriginOf(judge.endpoint);
  if (!origin.ok()) {
    map.Error("endpoint", "must be an http or https URL, as in https://api.openai.com/v1");
  } else if (judge.endpoint.find_first_of("@?#") != std::string::npos) {
    map.Error("endpoint", "must have no user name, password, query or fragment; set api_key_env");
  } else if (!judge.api_key_env.empty() && origin->scheme != "https" && !IsLoopback(origin->host)) {
    map.Error("endpoint",
              "must be an https URL, because the key of api_key_env would be sent unencrypted");
  }
}

JudgeOptions ReadJudge(YamlMap map) {
  JudgeOptions judge;
  judge.name = map.RequiredString("name");
  judge.model = map.RequiredString("model");
  judge.endpoint = map.String("endpoint", "");
  judge.api_key_env = map.String("api_key_env", "");
  judge.usd_per_million_input_tokens =
      map.Number("usd_per_million_input_tokens", 0, 0, kMaxUsdPerMillion);
  judge.usd_per_million_output_tokens =
      map.Number("usd_per_million_output_tokens", 0, 0, kMaxUsdPerMillion);
  judge.timeout = absl::Seconds(
      map.Seconds("timeout", absl::ToDoubleSeconds(judge.timeout), 0.001, kMaxTimeoutSeconds));
  if (!IsWord(judge.name, "_-.") || judge.name == kJury) {
    map.Error("name", absl::StrCat("'", judge.name, "' must be 1 to ", kMaxNameBytes,
                                   " letters, digits, '_', '-' or '.', and not 'jury'"));
  }
  if (!judge.api_key_env.empty() && !IsVariable(judge.api_key_env)) {
    map.Error(
        "api_key_env",
        "must be the name of an environment variable, not the key itself: upper-case letters, "
        "digits and '_'");
  }
  if (judge.endpoint.empty()) {
    for (const std::string_view key : {"api_key_env", "usd_per_million_input_tokens",
                                       "usd_per_million_output_tokens", "timeout"}) {
      if (map.Has(key)) map.Error(key, "applies to judges with an endpoint only; remove it");
    }
    return judge;
  }
  CheckEndpoint(map, judge);
  while (judge.endpoint.ends_with('/')) judge.endpoint.pop_back();
  return judge;
}

}  // namespace

std::vector<JudgeOptions> ReadJudges(YamlMap evaluation) {
  std::vector<JudgeOptions> judges;
  std::set<std::string> names;
  for (YamlMap map : evaluation.Maps("judges")) {
    judges.push_back(ReadJudge(map));
    const std::string& name = judges.back().name;
    if (!names.insert(name).second) {
      map.Error("name", absl::StrCat("'", name, "' is duplicated"));
    }
  }
  if (judges.size() > kMaxJudges) {
    evaluation.Error("judges",
                     absl::StrCat("has ", judges.size(), " entries; the maximum is ", kMaxJudges));
  }
  return judges;
}

}  // namespace assay::server
