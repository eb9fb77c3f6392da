// Chooses the model for a request and explains the choice.
#ifndef ASSAY_REGISTRY_ROUTING_ROUTER_H_
#define ASSAY_REGISTRY_ROUTING_ROUTER_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"
#include "registry/routing/evidence.h"

namespace assay::registry {

// The assessment of a candidate by a rule.
enum class Eligibility {
  kGood,      // Is chosen, or as good as the chosen one.
  kWorse,     // Is significantly worse than the best one.
  kUnproven,  // Has too little evidence, or none for the deployed revision.
  kUnfit,     // Exceeds a limit, or is down.
};

// A model that a rule has considered.
struct Candidate {
  std::string model;
  // A short note: "chosen", "weight 90", or why the model was not chosen.
  std::string note;
  std::optional<Evidence> evidence;
  Eligibility eligibility = Eligibility::kGood;
};

// The result of routing.
struct RouteDecision {
  std::string model;
  // "requested", "default", or the rule: "fixed", "weighted", "fallback", "auto", or "explore" for
  // a request that an auto rule sends to a random candidate.
  std::string rule;
  // One sentence for users.
  std::string reason;
  // The content type that decided the route: that of the request, or one proposed for its prompt.
  std::string content_type;
  // Models to try, in order, if `model` is down or full. Does not contain `model` or duplicates.
  std::vector<std::string> alternatives;
  // Models that were tried before `model` and failed. Set by the caller that executes the decision.
  std::vector<std::string> tried;
  // Auto rules: the evidence for `model`.
  std::optional<Evidence> evidence;
  // Auto rules: true if all evidence for `model` is older than EvidenceSource::MaxAge(). The model
  // keeps the route that it had.
  bool is_evidence_old = false;
  // Weighted and auto rules: all candidates.
  std::vector<Candidate> candidates;
};

// The properties of a request that routing depends on.
struct RouteRequest {
  std::string_view model;
  std::string_view content_type;
  // The routing key. A weighted rule sends all requests of a key to one model, and an auto rule
  // lets all or none of them explore. Empty = `nonce` is used instead.
  std::string_view key;
  // A value that is different for each request.
  std::string_view nonce;
  // Returns true for models that weighted and auto rules must avoid if possible; null = none.
  std::function<bool(std::string_view model)> down;
};

// Chooses a route. In order of precedence: the model that the request names, which has no fallback;
// the policy of the content type (null if it has none); the default model. Models that the catalog
// lacks are skipped. `evidence` may be null, which means that nothing was evaluated. A pure
// function that takes some microseconds per evaluation that counts. Errors:
//   NOT_FOUND         the catalog does not have the named model (the message lists its models), or
//                     the content type has no route and there is no default model.
//   INVALID_ARGUMENT  the request has neither model nor content type, and there is no default
//   model.
//
// The weighted rule chooses the model with the greatest -weight / ln(h), where h is the hash of
// key, content type and model in (0, 1) (weighted rendezvous hashing, Schindelhauer and Schomaker
// 2005). The fractions of requests follow the weights, and neither a change of one weight nor a
// model that is down moves requests between the other models.
//
// The auto rule considers the candidates whose deployed revision has evidence within the limits,
// and chooses among them as ChooseProven() describes it (auto_choice.h). Evidence that is too old
// gives no candidate the route, but the model that has it keeps it: time alone moves no route. A
// request that explores
// goes to a random candidate that is not known to exceed a limit, with the chosen one as its
// alternative.
absl::StatusOr<RouteDecision> ChooseRoute(const Catalog& catalog, const RoutePolicy* policy,
                                          const EvidenceSource* evidence,
                                          const RouteRequest& request);

// Returns NOT_FOUND with the nearest id and a list of the catalog's models.
absl::Status UnknownModel(const Catalog& catalog, std::string_view id);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_ROUTER_H_
