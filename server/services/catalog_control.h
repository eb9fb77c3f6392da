// Changes of the catalog and of routes, as ModelService needs them.
#ifndef ASSAY_SERVER_SERVICES_CATALOG_CONTROL_H_
#define ASSAY_SERVER_SERVICES_CATALOG_CONTROL_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "registry/catalog/route_policy.h"
#include "registry/residency/manager.h"

namespace assay::server {

// Thread-safe.
class CatalogControl {
 public:
  virtual ~CatalogControl() = default;

  // Reads the catalog again. INVALID_ARGUMENT and NOT_FOUND: the catalog is wrong, with file and
  // line; the catalog in force stays. Blocks while another reload runs, and while changed models
  // are loaded; `context` and the end of the daemon stop that (CANCELLED).
  virtual absl::StatusOr<registry::ReloadReport> ReloadCatalog(const CallContext& context) = 0;

  // Works and fails as Routing::Set(), or as Routing::Add() if `keep_others` is true.
  virtual absl::Status SetRoutes(std::vector<registry::RoutePolicy> policies, bool keep_others) = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_CATALOG_CONTROL_H_
