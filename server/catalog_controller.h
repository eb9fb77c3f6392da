// Changes the catalog and the routes of the running daemon.
#ifndef ASSAY_SERVER_CATALOG_CONTROLLER_H_
#define ASSAY_SERVER_CATALOG_CONTROLLER_H_

#include <atomic>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/call_context.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"
#include "server/events/daemon_events.h"
#include "server/routing/routing.h"
#include "server/services/catalog_control.h"
#include "server/serving/model_breakers.h"

namespace assay::server {

// Applies changes to the registry and the routes, resets the breakers after a reload, and reports
// both to DaemonEvents. Thread-safe.
class CatalogController final : public CatalogControl {
 public:
  // `config` and every pointer must outlive this object.
  CatalogController(const Config& config, registry::Manager* manager, Routing* routing,
                    ModelBreakers* breakers, DaemonEvents* events)
      : config_(config),
        manager_(manager),
        routing_(routing),
        breakers_(breakers),
        events_(events) {}

  absl::StatusOr<registry::ReloadReport> ReloadCatalog(const CallContext& context) override;
  absl::Status SetRoutes(std::vector<registry::RoutePolicy> policies, bool keep_others) override;

  // Ends a reload that runs or waits, as if its caller had cancelled it.
  void Stop() { stopping_ = true; }

 private:
  const Config& config_;
  registry::Manager* const manager_;
  Routing* const routing_;
  ModelBreakers* const breakers_;
  DaemonEvents* const events_;
  std::atomic<bool> stopping_ = false;
  // Held during a reload, so that the catalog in force is the one that was read last.
  absl::Mutex reload_mutex_;
};

// Logs which built-in models the catalog replaces, because that may be a mistake.
void LogReplacedModels(const registry::Catalog& catalog);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CATALOG_CONTROLLER_H_
