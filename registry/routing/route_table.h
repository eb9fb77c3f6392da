// The routes in force: the catalog's, and those that were set since.
#ifndef ASSAY_REGISTRY_ROUTING_ROUTE_TABLE_H_
#define ASSAY_REGISTRY_ROUTING_ROUTE_TABLE_H_

#include <optional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"

namespace assay::registry {

// Where a policy comes from.
enum class RouteOrigin { kCatalog, kSet };

// Thread-safe; the policies of a request are found without copying the others.
class RouteTable {
 public:
  // Replaces what was set before: a content type that is set goes before the catalog's, and the
  // others stay the catalog's. INVALID_ARGUMENT: "routes[2] (email): models: ...", nothing changes.
  // Without a catalog the models are not looked up: those it lacks are passed over in decisions.
  absl::Status Set(std::vector<RoutePolicy> policies, const Catalog* catalog);
  std::vector<RoutePolicy> set() const;

  // The policy of one content type, if there is one.
  std::optional<RoutePolicy> Find(std::string_view content_type, const Catalog& catalog) const;

  struct Route {
    RoutePolicy policy;
    RouteOrigin origin;
  };
  // One a content type, those that were set first.
  std::vector<Route> InForce(const Catalog& catalog) const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<RoutePolicy> set_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_ROUTE_TABLE_H_
