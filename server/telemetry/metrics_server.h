// The HTTP endpoint that Prometheus scrapes.
#ifndef ASSAY_SERVER_TELEMETRY_METRICS_SERVER_H_
#define ASSAY_SERVER_TELEMETRY_METRICS_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prometheus/collectable.h"

namespace assay::server {

class HttpServer;
class TlsContexts;
struct HttpRequest;

// Serves GET /metrics in the Prometheus text format, compressed if the scraper accepts gzip, and
// GET / with the name of that path. Slow or half-open connections do not delay a scrape. Runs two
// threads of its own until it is destroyed: scrapes run one after another.
class MetricsServer {
 public:
  // Listens on `address`, "host:port": host is an IP address ("127.0.0.1", "[::1]") or a name, port
  // 0 picks a free one. Returns INVALID_ARGUMENT if `address` is malformed, and FAILED_PRECONDITION
  // with what to do if it cannot be bound (port in use, address not of this machine, not
  // permitted).
  // `tls` may be null for plain HTTP. `may_read` decides who may read the metrics; null: everybody.
  // It returns OK, UNAUTHENTICATED (status 401) or PERMISSION_DENIED (403).
  using MayReadFn = std::function<absl::Status(const HttpRequest&)>;
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      const std::string& address, const std::weak_ptr<prometheus::Collectable>& metrics,
      std::shared_ptr<const TlsContexts> tls = nullptr, const MayReadFn& may_read = nullptr);
  ~MetricsServer();

  int port() const;
  // The URL to scrape, with the port that was bound: "http://127.0.0.1:9464/metrics".
  const std::string& url() const { return url_; }

 private:
  MetricsServer(std::unique_ptr<HttpServer> server, std::string url);

  const std::unique_ptr<HttpServer> server_;
  const std::string url_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_METRICS_SERVER_H_
