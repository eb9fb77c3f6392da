// Routes that were set, on disk: the `routes:` of models.yaml, written as JSON, which is YAML.
#ifndef ASSAY_SERVER_ROUTING_ROUTE_FILE_H_
#define ASSAY_SERVER_ROUTING_ROUTE_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/catalog/route_policy.h"

namespace assay::server {

// Policies of a text with a `routes:` mapping and nothing else, at most 1 MiB. INVALID_ARGUMENT:
// "name:line: routes.email.models: ...". `catalog` as for registry::CheckPolicy().
absl::StatusOr<std::vector<registry::RoutePolicy>> ParseRoutes(std::string_view yaml,
                                                               const std::string& name,
                                                               const registry::Catalog* catalog);

// A text that ParseRoutes() reads as these policies.
std::string RoutesText(const std::vector<registry::RoutePolicy>& policies);

// None if there is no such file; models are not looked up. Errors as ParseRoutes().
absl::StatusOr<std::vector<registry::RoutePolicy>> ReadRouteFile(const std::string& path);

// The file is there as a whole or as it was, also after a crash; no policies = no file.
// INVALID_ARGUMENT: more than 1 MiB. Else the system's error, with the path.
absl::Status WriteRouteFile(const std::string& path,
                            const std::vector<registry::RoutePolicy>& policies);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTING_ROUTE_FILE_H_
