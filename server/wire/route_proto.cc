// Converts routes and route decisions to messages and back.
#include "server/wire/route_proto.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"

namespace assay::server {
namespace {

using registry::RoutePolicy;
using registry::RouteRule;

absl::StatusOr<RouteRule> ParseRule(const std::string& name) {
  if (name.empty()) return RouteRule::kFixed;
  for (const RouteRule rule :
       {RouteRule::kFixed, RouteRule::kWeighted, RouteRule::kFallback, RouteRule::kAuto}) {
    if (name == registry::RouteRuleName(rule)) return rule;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("rule: '", name, "' is not one of fixed, weighted, fallback, auto"));
}

registry::AutoLimits ToLimits(const assay::v1::RouteLimits& limits) {
  registry::AutoLimits out;
  if (!limits.scorer().empty()) out.scorer = limits.scorer();
  if (limits.min_samples() != 0) out.min_samples = limits.min_samples();
  if (limits.has_min_success_rate()) out.min_success_rate = limits.min_success_rate();
  if (limits.has_margin()) out.margin = limits.margin();
  if (limits.has_min_saving()) out.min_saving = limits.min_saving();
  if (limits.max_latency_p90_ms() != 0) {
    out.max_latency = absl::Milliseconds(limits.max_latency_p90_ms());
  }
  out.max_cost_usd = limits.max_cost_usd();
  out.max_memory_bytes = limits.max_memory_bytes();
  return out;
}

void LimitsToProto(const registry::AutoLimits& limits, assay::v1::RouteLimits* out) {
  out->set_scorer(limits.scorer);
  out->set_min_samples(limits.min_samples);
  out->set_min_success_rate(limits.min_success_rate);
  out->set_margin(limits.margin);
  out->set_min_saving(limits.min_saving);
  if (limits.max_latency != absl::InfiniteDuration()) {
    out->set_max_latency_p90_ms(absl::ToDoubleMilliseconds(limits.max_latency));
  }
  out->set_max_cost_usd(limits.max_cost_usd);
  out->set_max_memory_bytes(limits.max_memory_bytes);
}

}  // namespace

void ToProto(const registry::Evidence& evidence, assay::v1::RouteEvidence* out) {
  out->set_evaluation_id(evidence.evaluation_id);
  out->set_revision(evidence.revision);
  out->set_scorer(evidence.scorer);
  out->set_scorer_version(evidence.scorer_version);
  out->set_samples(evidence.samples);
  out->set_mean(evidence.mean);
  if (evidence.ci_low) out->set_ci_low(*evidence.ci_low);
  if (evidence.ci_high) out->set_ci_high(*evidence.ci_high);
  out->set_latency_p90_ms(absl::ToDoubleMilliseconds(evidence.latency_p90));
  out->set_cost_usd(evidence.cost_usd);
  out->set_resident_bytes(evidence.resident_bytes);
}

void ToProto(const registry::RouteDecision& decision, assay::v1::Route* out) {
  out->set_rule(decision.rule);
  out->set_reason(decision.reason);
  for (const std::string& model : decision.tried) out->add_tried(model);
  if (decision.evidence.has_value()) ToProto(*decision.evidence, out->mutable_evidence());
}

void ToProto(const RoutePolicy& policy, assay::v1::ContentRoute* out) {
  out->set_content_type(policy.content_type);
  out->set_rule(std::string(registry::RouteRuleName(policy.rule)));
  if (policy.rule == RouteRule::kFixed) {
    if (!policy.models.empty()) out->set_model(policy.models.front());
  } else {
    for (const std::string& model : policy.models) out->add_models(model);
  }
  for (const double weight : policy.weights) out->add_weights(weight);
  for (const std::string& model : policy.fallback) out->add_fallback(model);
  if (policy.rule != RouteRule::kAuto) return;
  LimitsToProto(policy.limits, out->mutable_limits());
  out->set_explore(policy.explore);
  out->set_otherwise(policy.otherwise);
}

absl::StatusOr<RoutePolicy> FromProto(const assay::v1::ContentRoute& route) {
  ASSIGN_OR_RETURN(const RouteRule rule, ParseRule(route.rule()));
  RoutePolicy policy{.content_type = route.content_type(), .rule = rule};
  policy.models.assign(route.models().begin(), route.models().end());
  if (!route.model().empty()) {
    if (rule != RouteRule::kFixed || !policy.models.empty()) {
      return absl::InvalidArgumentError(
          "model: is only valid with the rule fixed and without models");
    }
    policy.models = {route.model()};
  }
  policy.weights.assign(route.weights().begin(), route.weights().end());
  policy.fallback.assign(route.fallback().begin(), route.fallback().end());
  if (rule == RouteRule::kAuto) {
    policy.limits = ToLimits(route.limits());
    policy.explore = route.explore();
    policy.otherwise = route.otherwise();
  } else if (route.has_limits() || route.explore() != 0 || !route.otherwise().empty()) {
    return absl::InvalidArgumentError(
        "limits, explore, otherwise: are only valid with the rule auto");
  }
  if (rule != RouteRule::kWeighted && !policy.weights.empty()) {
    return absl::InvalidArgumentError("weights: are only valid with the rule weighted");
  }
  return policy;
}

}  // namespace assay::server
