// The auto rule: the best model by evaluations.
#ifndef ASSAY_REGISTRY_ROUTING_AUTO_RULE_H_
#define ASSAY_REGISTRY_ROUTING_AUTO_RULE_H_

#include <functional>
#include <string_view>

#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"
#include "registry/routing/evidence.h"
#include "registry/routing/router.h"

namespace assay::registry {

// As ChooseRoute() says. `chance` decides who explores: the same text, the same choice. The
// decision's model is empty if the catalog has none of the policy's models. `down` as in
// RouteRequest. Pure.
RouteDecision ChooseByEvidence(const Catalog& catalog, const RoutePolicy& policy,
                               const EvidenceSource* evidence, std::string_view chance,
                               const std::function<bool(std::string_view)>& down = nullptr);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_AUTO_RULE_H_
