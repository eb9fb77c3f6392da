// The daemon: composes engine, registry, evaluator and telemetry, and serves them.
#ifndef ASSAY_SERVER_DAEMON_H_
#define ASSAY_SERVER_DAEMON_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"

namespace assay::server {

// Order of calls: Start(), then Drain() once. Everything it owns is freed on destruction.
class Daemon {
 public:
  // Checks the device, opens the run store, binds the addresses, and begins to load the models
  // marked `preload`, in the background. Errors name the config key: FAILED_PRECONDITION (device,
  // address), PERMISSION_DENIED (state_dir), or the catalog's own.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(const Config& config);

  virtual ~Daemon() = default;

  // host:port in use.
  virtual const std::string& address() const = 0;
  virtual const std::string& metrics_address() const = 0;

  // Reads the catalog again. INVALID_ARGUMENT, NOT_FOUND: it is wrong, with file and line; what is
  // in force stays. Blocks while another one runs (CANCELLED: `context`, which may be null, said
  // so), and while changed models are loaded anew; `context` and Drain() end that.
  virtual absl::StatusOr<registry::ReloadReport> ReloadCatalog(const CallContext& context) = 0;

  // Health turns NOT_SERVING, new requests are UNAVAILABLE, running ones get limits.drain_timeout
  // to finish, a running evaluation stops and goes on at the next start, MLflow gets a last flush.
  // Blocks.
  virtual void Drain() = 0;
  // From another thread while Drain() waits: running requests are cancelled now.
  virtual void Abort() = 0;
};

// What `assayd --check` does: config is loaded already; the catalog, the devices, the budget, and
// what MLflow and traces need are tried.
absl::Status CheckDaemon(const Config& config);

}  // namespace assay::server

#endif  // ASSAY_SERVER_DAEMON_H_
