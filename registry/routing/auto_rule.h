// The auto rule: chooses the best model by its evaluations.
#ifndef ASSAY_REGISTRY_ROUTING_AUTO_RULE_H_
#define ASSAY_REGISTRY_ROUTING_AUTO_RULE_H_

#include <functional>
#include <string_view>

#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"
#include "registry/routing/evidence.h"
#include "registry/routing/router.h"

namespace assay::registry {

// Applies the auto rule as ChooseRoute() describes it. The hash of `seed` decides whether and where
// a request explores, so that the same text gives the same choice. The model of the decision is
// empty if the catalog has none of the policy's models. `down` is that of RouteRequest. A pure
// function.
RouteDecision ChooseByEvidence(const Catalog& catalog, const RoutePolicy& policy,
                               const EvidenceSource* evidence, std::string_view seed,
                               const std::function<bool(std::string_view)>& down = nullptr);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_AUTO_RULE_H_
