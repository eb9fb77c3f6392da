// Changes the catalog and the routes of the running daemon.
#include "server/catalog_controller.h"

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "server/config/catalog_check.h"
#include "server/events/log.h"

namespace assay::server {
namespace {

// How often a waiting reload checks for cancellation.
constexpr absl::Duration kReloadPoll = absl::Milliseconds(10);

}  // namespace

void LogReplacedModels(const registry::Catalog& catalog) {
  if (catalog.replaced.empty()) return;
  LogEvent(spdlog::level::info, "catalog",
           {{"replaces_built_in", absl::StrJoin(catalog.replaced, ",")}});
}

absl::StatusOr<registry::ReloadReport> CatalogController::ReloadCatalog(
    const CallContext& context) {
  const CallContext until_stopped = context.OrWhen([this] { return stopping_.load(); });
  while (!TryLock(reload_mutex_)) {
    if (until_stopped.IsDone()) {
      return absl::CancelledError("cancelled while another reload was running");
    }
    absl::SleepFor(kReloadPoll);
  }
  const MutexLock lock(reload_mutex_, std::adopt_lock);
  absl::StatusOr<registry::Catalog> catalog = ReadCatalog(config_);
  if (!catalog.ok()) {
    events_->OnReload(catalog.status());
    return catalog.status();
  }
  LogReplacedModels(*catalog);
  // Declared before the reload, so that metrics do not count a new model as "other".
  events_->Declare(*catalog, routing_->set());
  absl::StatusOr<registry::ReloadReport> report =
      manager_->Reload(*std::move(catalog), until_stopped);
  breakers_->ResetAll();
  events_->OnReload(report);
  return report;
}

absl::Status CatalogController::SetRoutes(std::vector<registry::RoutePolicy> policies,
                                          bool keep_others) {
  const size_t count = policies.size();
  RETURN_IF_ERROR(keep_others ? routing_->Add(std::move(policies))
                              : routing_->Set(std::move(policies)));
  events_->Declare(*manager_->catalog(), routing_->set());
  LogEvent(spdlog::level::info, "routes", {{"set", count}});
  return absl::OkStatus();
}

}  // namespace assay::server
