// Which model answers a request, and why.
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

// What an auto rule makes of a candidate.
enum class Eligibility {
  kGood,      // Chosen, or as good as the chosen one.
  kWorse,     // Told from the best by its evaluation.
  kUnproven,  // Too little evidence, or none of what is deployed.
  kUnfit,     // Over a limit, or down.
};

// A model that a rule looked at.
struct Candidate {
  std::string model;
  // A few words: "chosen", "weight 90", or why it was not chosen.
  std::string note;
  std::optional<Evidence> evidence;
  Eligibility eligibility = Eligibility::kGood;
};

struct RouteDecision {
  std::string model;
  // "requested", "default", or the rule: "fixed", "weighted", "fallback", "auto"; "explore" for
  // auto's requests by chance.
  std::string rule;
  // One sentence for a person.
  std::string reason;
  // What the request was routed as: its own, or one proposed for its prompt.
  std::string content_type;
  // To be tried in order if `model` is down or full; not `model`, none twice.
  std::vector<std::string> alternatives;
  // Models that were tried before `model` and could not answer; of whoever follows the decision.
  std::vector<std::string> tried;
  // What an auto rule knows of `model`.
  std::optional<Evidence> evidence;
  // Of weighted and auto rules.
  std::vector<Candidate> candidates;
};

struct RouteRequest {
  std::string_view model;
  std::string_view content_type;
  // Requests of one key go to one model of a weighted rule, and explore all or not at all; empty =
  // `nonce` takes its place.
  std::string_view key;
  // Differs from request to request.
  std::string_view nonce;
  // Models that weighted and auto rules go around while they can; null = none.
  std::function<bool(std::string_view model)> down;
};

// The named model wins, and never falls back to another; then the content type's policy (null: it
// has none); then the default. Models that the catalog lacks are passed over. `evidence` may be
// null: nothing was evaluated. NOT_FOUND: a model that the catalog lacks, with what it has; a
// content type without a route, and no default. INVALID_ARGUMENT: neither model nor content type
// given, and no default. Pure; some microseconds a model.
//
// Weighted: the model with the greatest -weight / ln(h), h the hash of key, content type and model
// in (0, 1) (weighted rendezvous hashing, Schindelhauer and Schomaker 2005): shares follow the
// weights, and a change of one weight, or a model that is down, moves no request between the other
// models.
//
// Auto: of the candidates whose deployed revision has evidence within the limits, the one of the
// best mean quality; those whose 95 % interval reaches up to the best one's lower end can't be told
// from it (the newest evaluation with enough samples counts), and the cheapest of them wins, then
// the fastest, then the first by name. A request that explores goes to any candidate not known to
// be over a limit, and back to the chosen one if that is down.
absl::StatusOr<RouteDecision> ChooseRoute(const Catalog& catalog, const RoutePolicy* policy,
                                          const EvidenceSource* evidence,
                                          const RouteRequest& request);

// NOT_FOUND with what the catalog has.
absl::Status UnknownModel(const Catalog& catalog, std::string_view id);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_ROUTER_H_
