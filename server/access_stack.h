// The parts that decide who may connect and call: certificates, keys, and the audit log.
#ifndef ASSAY_SERVER_ACCESS_STACK_H_
#define ASSAY_SERVER_ACCESS_STACK_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/periodic_task.h"
#include "server/access/access_control.h"
#include "server/access/audit_log.h"
#include "server/access/key_store.h"
#include "server/config/config.h"
#include "server/tls/certificate_watch.h"

namespace assay::server {

// Saves what keys have used once a minute, on a thread of its own. Thread-safe.
class AccessStack {
 public:
  // Reads the keys and the certificates. Errors name the key of the configuration or the file.
  static absl::StatusOr<std::unique_ptr<AccessStack>> Create(const Config& config);

  // Returns the error that Create() would return, without creating or changing a file.
  static absl::Status Check(const Config& config);

  KeyStore& keys() { return *keys_; }
  const AccessControl& control() const { return *control_; }
  // nullptr: administrators' calls are not recorded.
  AuditLog* audit() { return audit_.get(); }
  // nullptr: TLS is off.
  const CertificateWatch* certificates() const { return certificates_.get(); }

 private:
  AccessStack() = default;

  std::unique_ptr<KeyStore> keys_;
  std::unique_ptr<AccessControl> control_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<CertificateWatch> certificates_;
  std::unique_ptr<PeriodicTask> saver_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_STACK_H_
