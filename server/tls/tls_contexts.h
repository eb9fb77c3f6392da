// The certificates and the key with which an HTTP server accepts TLS connections.
#ifndef ASSAY_SERVER_TLS_TLS_CONTEXTS_H_
#define ASSAY_SERVER_TLS_TLS_CONTEXTS_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "server/tls/certificate_files.h"

namespace assay::server {

using TlsContext = boost::asio::ssl::context;

// Returns a context for TLS 1.2 and later. Clients must have a certificate if there is a client_ca.
// INVALID_ARGUMENT: the texts are malformed or do not belong together.
absl::StatusOr<std::shared_ptr<TlsContext>> MakeTlsContext(const Certificates& certificates);

// Holds the newest context of a server. A handshake uses the context that was newest at its begin,
// so connections outlive a change of certificates. Thread-safe.
class TlsContexts {
 public:
  // `first` must not be null.
  explicit TlsContexts(std::shared_ptr<TlsContext> first) : newest_(std::move(first)) {}

  // `next` must not be null.
  void Replace(std::shared_ptr<TlsContext> next) {
    const MutexLock lock(mutex_);
    newest_ = std::move(next);
  }
  std::shared_ptr<TlsContext> newest() const {
    const MutexLock lock(mutex_);
    return newest_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<TlsContext> newest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TLS_TLS_CONTEXTS_H_
