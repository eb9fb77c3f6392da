// The HTTP endpoint that Prometheus scrapes.
#ifndef ASSAY_SERVER_TELEMETRY_METRICS_SERVER_H_
#define ASSAY_SERVER_TELEMETRY_METRICS_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "prometheus/collectable.h"

namespace prometheus {
class Exposer;
}  // namespace prometheus

namespace assay::server {

// GET /metrics in the text format; other paths are 404. Serves on two threads of its own until it
// is destroyed.
class MetricsServer {
 public:
  // `address`: "host:port", host an IP address ("127.0.0.1", "[::1]"), port 0 for any free one.
  // INVALID_ARGUMENT: not of that form. FAILED_PRECONDITION: the address can't be bound (port in
  // use, not ours, not permitted), with what to do.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      const std::string& address, const std::weak_ptr<prometheus::Collectable>& metrics);
  ~MetricsServer();

  int port() const { return port_; }
  // "http://127.0.0.1:9464/metrics", with the port that was bound.
  const std::string& url() const { return url_; }

 private:
  MetricsServer(std::unique_ptr<prometheus::Exposer> exposer, int port, std::string url);

  std::unique_ptr<prometheus::Exposer> exposer_;
  const int port_;
  const std::string url_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_METRICS_SERVER_H_
