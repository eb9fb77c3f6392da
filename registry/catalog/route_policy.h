// How a content type finds its model: one entry of `routes:` in models.yaml.
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
  kWeighted,  // Shares of the requests (A/B); one key always goes to the same model.
  kFallback,  // The first that is up and not full.
  kAuto,      // The best by evaluations, within limits.
};
// "fixed", "weighted", "fallback", "auto".
std::string_view RouteRuleName(RouteRule rule);

// What the evidence of a model must meet to be chosen by kAuto.
struct AutoLimits {
  // Scores of different scorers do not compare.
  std::string scorer = "assay";
  int min_samples = 5;
  // Share of the evaluation's generations that did not fail.
  double min_success_rate = 0.95;
  // p90 of a request.
  absl::Duration max_latency = absl::InfiniteDuration();
  // Mean of a request; 0 = any.
  double max_cost_usd = 0;
  // Of the loaded model; 0 = any.
  int64_t max_memory_bytes = 0;

  bool operator==(const AutoLimits&) const = default;
};

struct RoutePolicy {
  std::string content_type;
  RouteRule rule = RouteRule::kFixed;
  // kFixed: one. kFallback: in order. kWeighted: with `weights`. kAuto: candidates, empty = all of
  // the catalog but the built-in ones.
  std::vector<std::string> models;
  // kWeighted: one a model, above 0; shares of their sum.
  std::vector<double> weights;
  AutoLimits limits;
  // kAuto: share of the requests that go to a candidate by chance, 0 to 0.5.
  double explore = 0;
  // kAuto: the model while no evidence suffices; empty = the catalog's default, else the first.
  std::string otherwise;
  // Tried in order when the chosen model is down or full; kFallback has its own list.
  std::vector<std::string> fallback;

  bool operator==(const RoutePolicy&) const = default;
};

// Whether the policy makes sense, and the catalog knows its content type and has its models;
// without a catalog they are not looked up. INVALID_ARGUMENT: "key: what is wrong and what to do",
// with the key of models.yaml.
absl::Status CheckPolicy(const RoutePolicy& policy, const Catalog* catalog);

// Reads `routes:`, a mapping of content types to policies; errors go to its document. `catalog` as
// for CheckPolicy().
std::vector<RoutePolicy> ReadRoutes(YamlMap routes, const Catalog* catalog);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_ROUTE_POLICY_H_
