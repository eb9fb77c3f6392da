// Parses and checks route policies.
#include "registry/catalog/route_policy.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/yaml/reader.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/content_types.h"

namespace assay::registry {
namespace {

constexpr double kMaxExplore = 0.5;
constexpr int kMinSamples = 2;
constexpr int64_t kMaxSamples = 1000000;
constexpr double kMaxWeight = 1e6;
constexpr double kMaxCostUsd = 1e6;
// The range of scores.
constexpr double kMaxMargin = 10;
constexpr double kMaxSaving = 0.99;
constexpr double kMinLatencySeconds = 1e-3;
constexpr double kMaxLatencySeconds = 24 * 3600;

// An error in a policy and the key that it belongs to.
struct Fault {
  std::string key;
  std::string message;
};
using MaybeFault = std::optional<Fault>;

MaybeFault CheckModelsExist(const std::string& key, const std::vector<std::string>& models,
                            const Catalog& catalog) {
  for (const std::string& model : models) {
    if (catalog.Find(model) != nullptr) continue;
    return Fault{key, catalog.UnknownIdMessage(model)};
  }
  return std::nullopt;
}

// A duplicate model would be tried again after it failed.
MaybeFault CheckNoDuplicates(const std::string& key, const std::vector<std::string>& models,
                             const std::vector<std::string>& before) {
  std::set<std::string> seen(before.begin(), before.end());
  for (const std::string& model : models) {
    if (seen.insert(model).second) continue;
    return Fault{key, absl::StrCat("'", model,
                                   "' is duplicated in the chain, which makes it a cycle; name "
                                   "each model once")};
  }
  return std::nullopt;
}

MaybeFault CheckWeights(const RoutePolicy& policy) {
  if (policy.weights.size() != policy.models.size()) {
    return Fault{"models",
                 "a weighted route needs a weight for each model, as in { a: 90, b: 10 }"};
  }
  for (size_t i = 0; i < policy.weights.size(); ++i) {
    if (policy.weights[i] > 0 && policy.weights[i] <= kMaxWeight) continue;
    return Fault{"models",
                 absl::StrCat("the weight of '", policy.models[i], "' is ", policy.weights[i],
                              "; it must be above 0 and at most ", kMaxWeight)};
  }
  return std::nullopt;
}

MaybeFault CheckLimits(const RoutePolicy& policy) {
  const AutoLimits& limits = policy.limits;
  if (limits.min_samples < kMinSamples || limits.min_samples > kMaxSamples) {
    return Fault{"min_samples", absl::StrCat(limits.min_samples, " must be in [", kMinSamples, ", ",
                                             kMaxSamples, "]")};
  }
  if (!(limits.min_success_rate >= 0 && limits.min_success_rate <= 1)) {
    return Fault{"min_success_rate", absl::StrCat(limits.min_success_rate, " must be in [0, 1]")};
  }
  if (!(limits.margin >= 0 && limits.margin <= kMaxMargin)) {
    return Fault{"margin", absl::StrCat(limits.margin, " must be in [0, ", kMaxMargin, "]")};
  }
  if (!(limits.min_saving >= 0 && limits.min_saving <= kMaxSaving)) {
    return Fault{"min_saving",
                 absl::StrCat(limits.min_saving, " must be in [0, ", kMaxSaving, "]")};
  }
  if (!(limits.max_latency > absl::ZeroDuration())) {
    return Fault{"max_latency", "must be above 0"};
  }
  if (!(limits.max_cost_usd >= 0 && limits.max_cost_usd <= kMaxCostUsd)) {
    return Fault{"max_cost_usd",
                 absl::StrCat(limits.max_cost_usd, " must be in [0, ", kMaxCostUsd, "]")};
  }
  if (limits.max_memory_bytes < 0) {
    return Fault{"max_memory", absl::StrCat(limits.max_memory_bytes, " must not be negative")};
  }
  if (!(policy.explore >= 0 && policy.explore <= kMaxExplore)) {
    return Fault{"explore", absl::StrCat(policy.explore, " must be in [0, ", kMaxExplore, "]")};
  }
  return std::nullopt;
}

MaybeFault CheckModels(const RoutePolicy& policy, const Catalog& catalog) {
  if (MaybeFault fault = CheckModelsExist("models", policy.models, catalog)) {
    if (policy.rule == RouteRule::kFixed) fault->key = "model";
    return fault;
  }
  if (MaybeFault fault = CheckModelsExist("fallback", policy.fallback, catalog)) return fault;
  if (policy.otherwise.empty()) return std::nullopt;
  return CheckModelsExist("otherwise", {policy.otherwise}, catalog);
}

MaybeFault FindFault(const RoutePolicy& policy, const Catalog* catalog) {
  if (!IsContentType(policy.content_type)) {
    return Fault{"", absl::StrCat("the content type '", policy.content_type,
                                  "' must be 1 to 32 of a-z 0-9 _ - and begin with a letter")};
  }
  if (catalog != nullptr) {
    std::string unknown = UnknownContentType(policy.content_type, catalog->content_types);
    if (!unknown.empty()) return Fault{"", std::move(unknown)};
  }
  if (policy.models.empty() && policy.rule != RouteRule::kAuto) {
    return Fault{"models", "is empty; name at least one model"};
  }
  if (policy.models.size() > 1 && policy.rule == RouteRule::kFixed) {
    return Fault{"model", "a fixed route has one model; use rule: fallback for a list"};
  }
  if (!policy.fallback.empty() && policy.rule == RouteRule::kFallback) {
    return Fault{"fallback", "is not allowed in a fallback route; put the models into models"};
  }
  if (MaybeFault fault = CheckNoDuplicates("models", policy.models, {})) return fault;
  // If there are several models, the fallback list may contain the chosen one, which is skipped.
  const bool one = policy.rule == RouteRule::kFixed;
  if (MaybeFault fault = CheckNoDuplicates("fallback", policy.fallback,
                                           one ? policy.models : std::vector<std::string>())) {
    return fault;
  }
  if (policy.rule == RouteRule::kWeighted) {
    if (MaybeFault fault = CheckWeights(policy)) return fault;
  }
  if (policy.rule == RouteRule::kAuto) {
    if (MaybeFault fault = CheckLimits(policy)) return fault;
  }
  return catalog == nullptr ? std::nullopt : CheckModels(policy, *catalog);
}

RouteRule ParseRule(std::string_view name) {
  for (const RouteRule rule : {RouteRule::kWeighted, RouteRule::kFallback, RouteRule::kAuto}) {
    if (name == RouteRuleName(rule)) return rule;
  }
  return RouteRule::kFixed;
}

void ReadModels(YamlMap map, RoutePolicy* policy) {
  if (policy->rule == RouteRule::kFixed) {
    policy->models = {map.RequiredString("model")};
  } else if (policy->rule == RouteRule::kWeighted) {
    YamlMap weights = map.Map("models");
    for (const std::string& model : weights.Keys()) {
      policy->models.push_back(model);
      policy->weights.push_back(weights.Number(model, 0, 0, kMaxWeight));
    }
  } else {
    policy->models = map.Strings("models");
  }
  if (policy->rule != RouteRule::kFallback) policy->fallback = map.Strings("fallback");
}

void ReadAuto(YamlMap map, RoutePolicy* policy) {
  AutoLimits& limits = policy->limits;
  limits.scorer = map.String("scorer", limits.scorer);
  limits.min_samples =
      static_cast<int>(map.Int("min_samples", limits.min_samples, kMinSamples, kMaxSamples));
  limits.min_success_rate = map.Number("min_success_rate", limits.min_success_rate, 0, 1);
  if (map.Has("max_latency")) {
    limits.max_latency =
        absl::Seconds(map.Seconds("max_latency", 1, kMinLatencySeconds, kMaxLatencySeconds));
  }
  limits.margin = map.Number("margin", limits.margin, 0, kMaxMargin);
  limits.min_saving = map.Number("min_saving", limits.min_saving, 0, kMaxSaving);
  limits.max_cost_usd = map.Number("max_cost_usd", 0, 0, kMaxCostUsd);
  limits.max_memory_bytes = map.Bytes("max_memory", 0);
  policy->explore = map.Number("explore", 0, 0, kMaxExplore);
  policy->otherwise = map.String("otherwise", "");
}

}  // namespace

std::string_view RouteRuleName(RouteRule rule) {
  switch (rule) {
    case RouteRule::kFixed:
      return "fixed";
    case RouteRule::kWeighted:
      return "weighted";
    case RouteRule::kFallback:
      return "fallback";
    case RouteRule::kAuto:
      return "auto";
  }
  return "unknown";
}

absl::Status CheckPolicy(const RoutePolicy& policy, const Catalog* catalog) {
  const MaybeFault fault = FindFault(policy, catalog);
  if (!fault.has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(fault->key, fault->key.empty() ? "" : ": ", fault->message));
}

std::vector<RoutePolicy> ReadRoutes(YamlMap routes, const Catalog* catalog) {
  std::vector<RoutePolicy> policies;
  for (const std::string& type : routes.Keys()) {
    YamlMap map = routes.Map(type);
    RoutePolicy policy{.content_type = type};
    policy.rule = ParseRule(map.Choice("rule", "fixed", {"fixed", "weighted", "fallback", "auto"}));
    ReadModels(map, &policy);
    if (policy.rule == RouteRule::kAuto) ReadAuto(map, &policy);
    if (const MaybeFault fault = FindFault(policy, catalog)) map.Error(fault->key, fault->message);
    policies.push_back(std::move(policy));
  }
  return policies;
}

}  // namespace assay::registry
