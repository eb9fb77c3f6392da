// Follows the files of a server's certificates.
#ifndef ASSAY_SERVER_TLS_CERTIFICATE_WATCH_H_
#define ASSAY_SERVER_TLS_CERTIFICATE_WATCH_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/periodic_task.h"
#include "server/tls/certificate_files.h"
#include "server/tls/tls_contexts.h"

namespace assay::server {

// Reads the files every few seconds. Changed certificates that pass the checks serve the next
// handshakes; others are reported, and the ones before stay, so that a renewal that is half written
// or wrong closes no port. Open connections keep their certificate. Thread-safe.
//
// gRPC reads certificates from files only, and would take a key and a certificate that do not
// belong together. So checked copies are written to a folder for it: the key and its chain in one
// file, which changes in one step.
class CertificateWatch {
 public:
  struct Options {
    CertificateFiles files;
    // The folder of the copies. It is created for this user alone.
    std::string folder;
    absl::Duration interval = absl::Seconds(5);
    // Called after new certificates were taken, and when changed files were refused.
    std::function<void(const Certificates&)> on_change;
    std::function<void(const absl::Status&)> on_error;
  };

  // Reads the files a first time. Errors name the key of the configuration and the path.
  static absl::StatusOr<std::unique_ptr<CertificateWatch>> Start(Options options);
  // Removes the folder of the copies.
  ~CertificateWatch();

  // Removes what a killed process left.
  static void RemoveCopies(const std::string& folder);

  // For HTTP servers.
  const std::shared_ptr<TlsContexts>& contexts() const { return contexts_; }

  // The copies, for gRPC. The second path is empty if clients need no certificate.
  const std::string& key_and_chain() const { return key_and_chain_; }
  const std::string& client_ca() const { return client_ca_; }

  absl::Time expires_at() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  explicit CertificateWatch(Options options);

  void Look() ABSL_LOCKS_EXCLUDED(mutex_);
  // Makes certificates the ones that serve.
  absl::Status Take(Certificates certificates) ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  const std::string key_and_chain_;
  const std::string client_ca_;
  std::shared_ptr<TlsContexts> contexts_;
  mutable absl::Mutex mutex_;
  Certificates taken_ ABSL_GUARDED_BY(mutex_);
  // Used by the thread alone: the error that was reported last.
  absl::Status reported_;
  std::unique_ptr<PeriodicTask> look_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TLS_CERTIFICATE_WATCH_H_
