// The APIs of the daemon that speak HTTP.
#ifndef ASSAY_SERVER_HTTP_STACK_H_
#define ASSAY_SERVER_HTTP_STACK_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/config/config.h"
#include "server/fronts/openai/openai_front.h"
#include "server/http/server.h"
#include "server/tls/tls_contexts.h"

namespace assay::server {

// The HTTP server at http.listen with its fronts. Thread-safe.
class HttpStack {
 public:
  // Listens. `tls` may be null for plain HTTP. Errors name the key: INVALID_ARGUMENT (malformed
  // address), FAILED_PRECONDITION (it cannot be bound).
  static absl::StatusOr<std::unique_ptr<HttpStack>> Start(const Config& config,
                                                          OpenAiFront::Dependencies dependencies,
                                                          std::shared_ptr<const TlsContexts> tls);
  ~HttpStack() { Stop(); }

  // "http://127.0.0.1:8080", with the port that was bound.
  const std::string& url() const { return url_; }

  // Accepts nothing more, and waits for the running requests as long as limits.drain_timeout.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);
  // Cancels the running requests, which end soon.
  void Abort() { front_.CancelAll(); }

 private:
  explicit HttpStack(OpenAiFront::Dependencies dependencies) : front_(std::move(dependencies)) {}

  OpenAiFront front_;
  std::string url_;
  absl::Mutex mutex_;
  std::unique_ptr<HttpServer> server_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_STACK_H_
