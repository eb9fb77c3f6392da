// The active routes: those of the catalog and those that were set at run time.
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

// The origin of a policy.
enum class RouteOrigin { kCatalog, kSet };

// The policies that were set at run time. They have precedence over those of the catalog.
// Thread-safe. A lookup copies only the policy that it returns.
class RouteTable {
 public:
  // Replaces all policies that were set before. Content types without a policy here keep that of
  // the catalog. Returns INVALID_ARGUMENT "routes[2] (email): models: ..." and changes nothing if a
  // policy is invalid. If `catalog` is null, the models are not looked up; decisions skip models
  // that the catalog lacks.
  absl::Status Set(std::vector<RoutePolicy> policies, const Catalog* catalog);
  // Returns the policies that were set.
  std::vector<RoutePolicy> set() const;

  // Returns the policy of a content type, or nullopt if it has none.
  std::optional<RoutePolicy> Find(std::string_view content_type, const Catalog& catalog) const;

  struct Route {
    RoutePolicy policy;
    RouteOrigin origin;
  };
  // Returns one route per content type, those that were set first.
  std::vector<Route> InForce(const Catalog& catalog) const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<RoutePolicy> set_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_ROUTE_TABLE_H_
