// Route policies: how the model of a content type is chosen. Each is an entry of `routes:` in
// models.yaml.
#ifndef ASSAY_REGISTRY_CATALOG_ROUTE_POLICY_H_
#define ASSAY_REGISTRY_CATALOG_ROUTE_POLICY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace assay {
class YamlMap;
}

namespace assay::registry {

struct Catalog;

enum class RouteRule {
  kFixed,     // One model.
  kWeighted,  // Splits requests by weight (A/B test); one routing key always gets the same model.
  kFallback,  // The first model that is up and not full.
  kAuto,      // The best model by its evaluations, within limits.
};
// Returns "fixed", "weighted", "fallback" or "auto".
std::string_view RouteRuleName(RouteRule rule);

// The conditions that a model's evidence must meet for kAuto to choose the model.
struct AutoLimits {
  // Only scores of this scorer count, because scores of different scorers are not comparable.
  std::string scorer = "assay";
  int min_samples = 5;
  // The minimum fraction of the evaluation's generations that did not fail.
  double min_success_rate = 0.95;
  // The maximum p90 latency of a request.
  absl::Duration max_latency = absl::InfiniteDuration();
  // The maximum mean cost per request; 0 = no limit.
  double max_cost_usd = 0;
  // The maximum memory of the loaded model; 0 = no limit.
  int64_t max_memory_bytes = 0;
  // The loss of quality, in points, that a cheaper model may have at most.
  double margin = 0.5;
  // The fraction of the cost that a cheaper model must save at least.
  double min_saving = 0.05;

  bool operator==(const AutoLimits&) const = default;
};

// The policy of one content type.
struct RoutePolicy {
  std::string content_type;
  RouteRule rule = RouteRule::kFixed;
  // kFixed: one model. kFallback: the models in order. kWeighted: the models of `weights`. kAuto:
  // the candidates; empty = all models of the catalog except the built-in ones.
  std::vector<std::string> models;
  // kWeighted: one weight per model, above 0. A model gets the fraction of its weight in the sum.
  std::vector<double> weights;
  AutoLimits limits;
  // kAuto: the fraction of requests that go to a random candidate, 0 to 0.5.
  double explore = 0;
  // kAuto: the model to use while the evidence is insufficient; empty = the catalog's default
  // model, else the first candidate.
  std::string otherwise;
  // The models to try, in order, if the chosen model is down or full. Unused by kFallback, whose
  // `models` are such a list.
  std::vector<std::string> fallback;

  bool operator==(const RoutePolicy&) const = default;
};

// Checks that the policy is consistent, and that the catalog accepts its content type and has its
// models. If `catalog` is null, content type and models are not looked up. Returns INVALID_ARGUMENT
// "key: message", with the key of models.yaml.
absl::Status CheckPolicy(const RoutePolicy& policy, const Catalog* catalog);

// Parses `routes:`, a mapping of content types to policies. Errors are recorded in its document.
// `catalog` is used as in CheckPolicy().
std::vector<RoutePolicy> ReadRoutes(YamlMap routes, const Catalog* catalog);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_ROUTE_POLICY_H_
