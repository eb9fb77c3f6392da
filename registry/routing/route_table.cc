// The active routes.
#include "registry/routing/route_table.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"

namespace assay::registry {
namespace {

constexpr size_t kMaxRoutes = 1000;

const RoutePolicy* FindPolicy(const std::vector<RoutePolicy>& policies,
                              std::string_view content_type) {
  const auto it = std::find_if(policies.begin(), policies.end(), [&](const RoutePolicy& policy) {
    return policy.content_type == content_type;
  });
  return it == policies.end() ? nullptr : &*it;
}

}  // namespace

absl::Status RouteTable::Set(std::vector<RoutePolicy> policies, const Catalog* catalog) {
  if (policies.size() > kMaxRoutes) {
    return absl::InvalidArgumentError(
        absl::StrCat("routes: ", policies.size(), " are more than ", kMaxRoutes));
  }
  std::vector<RoutePolicy> checked;
  for (RoutePolicy& policy : policies) {
    absl::Status status = CheckPolicy(policy, catalog);
    if (status.ok() && FindPolicy(checked, policy.content_type) != nullptr) {
      status = absl::InvalidArgumentError("the content type is duplicated; give it one route");
    }
    RETURN_IF_ERROR(
        Annotate(status, absl::StrCat("routes[", checked.size(), "] (", policy.content_type, ")")));
    checked.push_back(std::move(policy));
  }
  const MutexLock lock(mutex_);
  set_ = std::move(checked);
  return absl::OkStatus();
}

std::vector<RoutePolicy> RouteTable::set() const {
  const MutexLock lock(mutex_);
  return set_;
}

std::optional<RoutePolicy> RouteTable::Find(std::string_view content_type,
                                            const Catalog& catalog) const {
  {
    const MutexLock lock(mutex_);
    if (const RoutePolicy* policy = FindPolicy(set_, content_type)) return *policy;
  }
  return catalog.RouteOf(content_type);
}

std::vector<RouteTable::Route> RouteTable::InForce(const Catalog& catalog) const {
  std::vector<Route> routes;
  const std::vector<RoutePolicy> set = this->set();
  routes.reserve(set.size());
  for (const RoutePolicy& policy : set) routes.push_back({policy, RouteOrigin::kSet});
  for (RoutePolicy& policy : catalog.AllRoutes()) {
    if (FindPolicy(set, policy.content_type) != nullptr) continue;
    routes.push_back({std::move(policy), RouteOrigin::kCatalog});
  }
  return routes;
}

}  // namespace assay::registry
