// The HTTP endpoint that Prometheus scrapes.
#include "server/telemetry/metrics_server.h"

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "prometheus/exposer.h"

namespace assay::server {
namespace {

constexpr uint32_t kMaxPort = 65535;

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const std::string& address, const std::weak_ptr<prometheus::Collectable>& metrics) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  // civetweb would interpret a comma or a suffix letter as more addresses and options.
  if (colon == std::string::npos || colon == 0 || absl::StrContains(address, ',') ||
      !absl::SimpleAtoi(absl::string_view(address).substr(colon + 1), &port) || port > kMaxPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("metrics address '", address,
                     "': expected host:port with a port of 0 to 65535, like 127.0.0.1:9464"));
  }
  try {
    auto exposer = std::make_unique<prometheus::Exposer>(address);
    exposer->RegisterCollectable(metrics);
    const std::vector<int> ports = exposer->GetListeningPorts();
    const int bound = ports.empty() ? static_cast<int>(port) : ports.front();
    std::string url = absl::StrCat("http://", address.substr(0, colon), ":", bound, "/metrics");
    return std::unique_ptr<MetricsServer>(
        new MetricsServer(std::move(exposer), bound, std::move(url)));
  } catch (const std::exception& error) {
    return absl::FailedPreconditionError(absl::StrCat(
        "metrics endpoint cannot listen on ", address, " (", error.what(),
        "): the port is in use or the address is not this machine's; set metrics.listen to another "
        "address, to port 0 for any free port, or to \"\" for no endpoint"));
  }
}

MetricsServer::MetricsServer(std::unique_ptr<prometheus::Exposer> exposer, int port,
                             std::string url)
    : exposer_(std::move(exposer)), port_(port), url_(std::move(url)) {}

MetricsServer::~MetricsServer() = default;

}  // namespace assay::server
