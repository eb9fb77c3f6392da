// Chooses the model for a request.
#include "registry/routing/router.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "registry/routing/auto_rule.h"
#include "registry/routing/request_hash.h"

namespace assay::registry {
namespace {

std::string Quoted(std::string_view text) { return absl::StrCat("'", std::string(text), "'"); }

// Returns the models that the catalog has, except `excluded`.
std::vector<std::string> InCatalog(const Catalog& catalog, const std::vector<std::string>& models,
                                   std::string_view excluded = "") {
  std::vector<std::string> known;
  std::copy_if(models.begin(), models.end(), std::back_inserter(known), [&](const std::string& id) {
    return id != excluded && catalog.Find(id) != nullptr;
  });
  return known;
}

RouteDecision Weighted(const Catalog& catalog, const RoutePolicy& policy,
                       const RouteRequest& request) {
  const bool sticky = !request.key.empty();
  const std::string_view key = sticky ? request.key : request.nonce;
  RouteDecision decision{.rule = "weighted"};
  const std::vector<std::string> known = InCatalog(catalog, policy.models);
  const auto is_down = [&](const std::string& id) { return request.down && request.down(id); };
  const bool all_down = std::all_of(known.begin(), known.end(), is_down);
  double best = 0;
  double sum = 0;
  double chosen_weight = 0;
  for (size_t i = 0; i < policy.models.size(); ++i) {
    const std::string& model = policy.models[i];
    if (catalog.Find(model) == nullptr) continue;
    const double weight = policy.weights[i];
    if (!all_down && is_down(model)) {
      decision.candidates.push_back({.model = model,
                                     .note = absl::StrCat("weight ", weight, ", down"),
                                     .eligibility = Eligibility::kUnfit});
      continue;
    }
    const double score = -weight / std::log(UnitHash({key, policy.content_type, model}));
    sum += weight;
    decision.candidates.push_back({.model = model, .note = absl::StrCat("weight ", weight)});
    if (score <= best) continue;
    best = score;
    chosen_weight = weight;
    decision.model = model;
  }
  decision.reason =
      absl::StrCat("'", policy.content_type, "' is shared by weight, ", chosen_weight, " of ", sum,
                   " to '", decision.model, sticky ? "', where this routing key always goes" : "'");
  return decision;
}

RouteDecision InOrder(const Catalog& catalog, const RoutePolicy& policy) {
  std::vector<std::string> chain = InCatalog(catalog, policy.models);
  if (chain.empty()) return {};
  RouteDecision decision{.model = chain.front(), .rule = "fallback"};
  decision.reason =
      absl::StrCat(Quoted(policy.content_type), " goes to the first that is up and not full of ",
                   absl::StrJoin(chain, ", "));
  decision.alternatives.assign(chain.begin() + 1, chain.end());
  return decision;
}

RouteDecision Fixed(const Catalog& catalog, const RoutePolicy& policy) {
  if (InCatalog(catalog, policy.models).empty()) return {};
  return {.model = policy.models.front(),
          .rule = "fixed",
          .reason = absl::StrCat(Quoted(policy.content_type), " is routed to ",
                                 Quoted(policy.models.front()))};
}

RouteDecision Apply(const Catalog& catalog, const RoutePolicy& policy,
                    const EvidenceSource* evidence, const RouteRequest& request) {
  switch (policy.rule) {
    case RouteRule::kFixed:
      return Fixed(catalog, policy);
    case RouteRule::kWeighted:
      return Weighted(catalog, policy, request);
    case RouteRule::kFallback:
      return InOrder(catalog, policy);
    case RouteRule::kAuto:
      return ChooseByEvidence(catalog, policy, evidence,
                              request.key.empty() ? request.nonce : request.key, request.down);
  }
  return {};
}

void AddFallbacks(const Catalog& catalog, const RoutePolicy& policy, RouteDecision* decision) {
  for (std::string& model : InCatalog(catalog, policy.fallback, decision->model)) {
    const auto& have = decision->alternatives;
    if (std::find(have.begin(), have.end(), model) != have.end()) continue;
    decision->alternatives.push_back(std::move(model));
  }
  if (!decision->model.empty() || decision->alternatives.empty()) return;
  decision->model = decision->alternatives.front();
  decision->alternatives.erase(decision->alternatives.begin());
  decision->rule = "fallback";
  decision->reason = absl::StrCat("the catalog no longer has the model that ",
                                  Quoted(policy.content_type), " is routed to");
}

std::string DefaultReason(std::string_view type, const RoutePolicy* policy) {
  if (type.empty()) return "neither model nor content type given";
  if (policy == nullptr) return absl::StrCat("no route for content type ", Quoted(type));
  return absl::StrCat("the catalog has none of the models that ", Quoted(type), " is routed to");
}

}  // namespace

absl::Status UnknownModel(const Catalog& catalog, std::string_view id) {
  return absl::NotFoundError(absl::StrCat("model ", catalog.UnknownIdMessage(id)));
}

absl::StatusOr<RouteDecision> ChooseRoute(const Catalog& catalog, const RoutePolicy* policy,
                                          const EvidenceSource* evidence,
                                          const RouteRequest& request) {
  if (!request.model.empty()) {
    if (catalog.Find(request.model) == nullptr) return UnknownModel(catalog, request.model);
    return RouteDecision{.model = std::string(request.model),
                         .rule = "requested",
                         .reason = "the request names the model"};
  }
  const std::string_view type = request.content_type;
  if (policy != nullptr) {
    RouteDecision decision = Apply(catalog, *policy, evidence, request);
    AddFallbacks(catalog, *policy, &decision);
    if (!decision.model.empty()) return decision;
  }
  if (!catalog.default_model.empty()) {
    return RouteDecision{
        .model = catalog.default_model, .rule = "default", .reason = DefaultReason(type, policy)};
  }
  if (type.empty()) {
    return absl::InvalidArgumentError(
        "model: both model and content_type are empty, and the catalog has no default_model; set "
        "one "
        "of them");
  }
  return absl::NotFoundError(
      absl::StrCat("content_type: no model is routed for ", Quoted(type),
                   " and the catalog has no default_model; name a model or add the content type to "
                   "one"));
}

}  // namespace assay::registry
