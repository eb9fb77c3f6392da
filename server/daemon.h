// The daemon: composes engine, registry, evaluator and telemetry, and serves them.
#ifndef ASSAY_SERVER_DAEMON_H_
#define ASSAY_SERVER_DAEMON_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"

namespace assay::server {

// Order of calls: Start(), then Drain() once. Destruction frees everything. Thread-safe.
class Daemon {
 public:
  // Checks the device, opens the run store, binds the addresses, and starts to load the models
  // marked `preload` in the background. Errors name the config key: FAILED_PRECONDITION (device,
  // address), PERMISSION_DENIED (state_dir), or the error of the catalog.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(const Config& config);

  virtual ~Daemon() = default;

  // Return host:port in use. The address of the metrics is a URL, empty if they are off.
  virtual const std::string& address() const = 0;
  virtual const std::string& metrics_address() const = 0;

  // Reads the catalog again, as CatalogControl::ReloadCatalog(). Drain() ends it too.
  virtual absl::StatusOr<registry::ReloadReport> ReloadCatalog(const CallContext& context) = 0;

  // Sets health to NOT_SERVING and refuses new requests with UNAVAILABLE. Running requests get
  // limits.drain_timeout to finish; a running evaluation stops and continues at the next start;
  // MLflow gets a last flush. Blocks.
  virtual void Drain() = 0;
  // Cancels running requests now. May be called from another thread while Drain() waits.
  virtual void Abort() = 0;
};

// Runs the checks of `assayd --check` on a loaded configuration. Returns the error with which
// Daemon::Start() would fail, but neither creates nor changes a file. It does not open the run
// store or bind the addresses, and another daemon may use the state folder meanwhile. It also
// checks the devices of the models and whether the pinned models fit the memory budget.
absl::Status CheckDaemon(const Config& config);

}  // namespace assay::server

#endif  // ASSAY_SERVER_DAEMON_H_
