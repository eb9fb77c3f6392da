// The file of routes that were set: the `routes:` mapping of models.yaml, written as JSON, which is
// valid YAML.
#ifndef ASSAY_SERVER_ROUTING_ROUTE_FILE_H_
#define ASSAY_SERVER_ROUTING_ROUTE_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "registry/catalog/route_policy.h"

namespace assay::server {

// Parses a text of at most 1 MiB that has a `routes:` mapping and nothing else. INVALID_ARGUMENT
// has the place, as in "name:line: routes.email.models: ...". `catalog` is that of
// registry::CheckPolicy().
absl::StatusOr<std::vector<registry::RoutePolicy>> ParseRoutes(std::string_view yaml,
                                                               const std::string& name,
                                                               const registry::Catalog* catalog);

// Returns a text that ParseRoutes() parses as these policies.
std::string RoutesText(const std::vector<registry::RoutePolicy>& policies);

// Reads the file; no file means no policies. Does not check that the models exist. Fails as
// ParseRoutes().
absl::StatusOr<std::vector<registry::RoutePolicy>> ReadRouteFile(const std::string& path);

// Replaces the file atomically, also if the process crashes. Deletes it if there are no policies.
// INVALID_ARGUMENT: the text exceeds 1 MiB. Other errors are the system's, with the path.
absl::Status WriteRouteFile(const std::string& path,
                            const std::vector<registry::RoutePolicy>& policies);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTING_ROUTE_FILE_H_
