// The file of routes that were set.
#include "server/routing/route_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/whole_file.h"
#include "base/yaml/reader.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

// Keeps the order of keys, because it is the order of the models.
using Json = nlohmann::ordered_json;
using registry::RoutePolicy;
using registry::RouteRule;

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr int kIndent = 2;

absl::Status FileError(const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat(path, ": cannot be written"));
}

void AddLimits(const RoutePolicy& policy, Json* json) {
  const registry::AutoLimits& limits = policy.limits;
  (*json)["scorer"] = limits.scorer;
  (*json)["min_samples"] = limits.min_samples;
  (*json)["min_success_rate"] = limits.min_success_rate;
  (*json)["margin"] = limits.margin;
  (*json)["min_saving"] = limits.min_saving;
  if (limits.max_latency != absl::InfiniteDuration()) {
    (*json)["max_latency"] = absl::ToDoubleSeconds(limits.max_latency);
  }
  if (limits.max_cost_usd > 0) (*json)["max_cost_usd"] = limits.max_cost_usd;
  if (limits.max_memory_bytes > 0) (*json)["max_memory"] = limits.max_memory_bytes;
  if (policy.explore > 0) (*json)["explore"] = policy.explore;
  if (!policy.otherwise.empty()) (*json)["otherwise"] = policy.otherwise;
}

Json ToJson(const RoutePolicy& policy) {
  Json json = {{"rule", registry::RouteRuleName(policy.rule)}};
  if (policy.rule == RouteRule::kFixed) {
    json["model"] = policy.models.front();
  } else if (policy.rule == RouteRule::kWeighted) {
    for (size_t i = 0; i < policy.models.size(); ++i) {
      json["models"][policy.models[i]] = policy.weights[i];
    }
  } else if (!policy.models.empty()) {
    json["models"] = policy.models;
  }
  if (policy.rule == RouteRule::kAuto) AddLimits(policy, &json);
  if (!policy.fallback.empty()) json["fallback"] = policy.fallback;
  return json;
}

absl::StatusOr<std::vector<RoutePolicy>> Read(YamlDocument& document,
                                              const registry::Catalog* catalog) {
  std::vector<RoutePolicy> policies = registry::ReadRoutes(document.root().Map("routes"), catalog);
  RETURN_IF_ERROR(document.Finish());
  return policies;
}

}  // namespace

absl::StatusOr<std::vector<RoutePolicy>> ParseRoutes(std::string_view yaml, const std::string& name,
                                                     const registry::Catalog* catalog) {
  ASSIGN_OR_RETURN(std::unique_ptr<YamlDocument> document, YamlDocument::Parse(yaml, name));
  return Read(*document, catalog);
}

std::string RoutesText(const std::vector<RoutePolicy>& policies) {
  Json routes = Json::object();
  for (const RoutePolicy& policy : policies) routes[policy.content_type] = ToJson(policy);
  return absl::StrCat(Json({{"routes", routes}}).dump(kIndent), "\n");
}

absl::StatusOr<std::vector<RoutePolicy>> ReadRouteFile(const std::string& path) {
  absl::StatusOr<std::unique_ptr<YamlDocument>> document = YamlDocument::Load(path);
  if (absl::IsNotFound(document.status())) return std::vector<RoutePolicy>();
  if (!document.ok()) return document.status();
  return Read(**document, nullptr);
}

absl::Status WriteRouteFile(const std::string& path, const std::vector<RoutePolicy>& policies) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (policies.empty()) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return FileError(path, errno);
    return SyncFolder(folder);
  }
  const std::string text = RoutesText(policies);
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(absl::StrCat("routes: take ", text.size(), " bytes; at most ",
                                                   kMaxBytes, ", name fewer models"));
  }
  return WriteWholeFile(path, text, kPrivateFile);
}

}  // namespace assay::server
