// Which model answers a request.
#ifndef ASSAY_REGISTRY_ROUTER_H_
#define ASSAY_REGISTRY_ROUTER_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/catalog.h"

namespace assay::registry {

struct RouteDecision {
  std::string model;
  // "requested", "fixed" or "default".
  std::string rule;
  // One sentence for a person.
  std::string reason;
};

// The named model wins; then the content type's; then the default. NOT_FOUND: a model that the
// catalog lacks, with what it has. INVALID_ARGUMENT: neither model nor content_type given and no
// default. NOT_FOUND: a content type without a route and no default. Pure.
absl::StatusOr<RouteDecision> ChooseRoute(const Catalog& catalog, std::string_view model,
                                          std::string_view content_type);

// NOT_FOUND with what the catalog has.
absl::Status UnknownModel(const Catalog& catalog, std::string_view id);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTER_H_
