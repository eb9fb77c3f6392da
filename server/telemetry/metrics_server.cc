// The HTTP endpoint that Prometheus scrapes.
#include "server/telemetry/metrics_server.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "prometheus/text_serializer.h"
#include "server/http/gzip.h"
#include "server/http/server.h"

namespace assay::server {
namespace {

constexpr char kPath[] = "/metrics";
constexpr int kOk = 200;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
// A few scrapers and people with browsers; most descriptors stay for gRPC and models.
constexpr HttpLimits kLimits{.max_connections = 128, .max_per_address = 32, .max_pending = 16};

HttpResponse Scrape(const HttpRequest& request,
                    const std::weak_ptr<prometheus::Collectable>& metrics) {
  HttpResponse response;
  if (const std::shared_ptr<prometheus::Collectable> open = metrics.lock()) {
    response.body = prometheus::TextSerializer().Serialize(open->Collect());
  }
  CompressFor(request, &response);
  return response;
}

HttpResponse Refuse(const absl::Status& status) {
  if (!absl::IsUnauthenticated(status)) return PlainText(kForbidden, std::string(status.message()));
  HttpResponse response = PlainText(kUnauthorized, std::string(status.message()));
  response.headers.push_back({.name = "WWW-Authenticate", .value = "Bearer"});
  return response;
}

HttpRouter Routes(const std::weak_ptr<prometheus::Collectable>& metrics,
                  const MetricsServer::MayReadFn& may_read) {
  HttpRouter router;
  router.Add({.path = "/", .handler = [](const HttpRequest&, HttpReply reply) {
                reply.Send(PlainText(
                    kOk, absl::StrCat("The metrics of assayd for Prometheus are at ", kPath, ".")));
              }});
  router.Add({.path = kPath, .handler = [=](const HttpRequest& request, HttpReply reply) {
                const absl::Status status =
                    may_read == nullptr ? absl::OkStatus() : may_read(request);
                reply.Send(status.ok() ? Scrape(request, metrics) : Refuse(status));
              }});
  return router;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const std::string& address, const std::weak_ptr<prometheus::Collectable>& metrics,
    std::shared_ptr<const TlsContexts> tls, const MayReadFn& may_read) {
  const char* scheme = tls == nullptr ? "http://" : "https://";
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start({.address = address,
                         .router = Routes(metrics, may_read),
                         .limits = kLimits,
                         .tls = std::move(tls)});
  if (absl::IsFailedPrecondition(server.status())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "metrics endpoint ", server.status().message(),
        "; the port is in use or the address is not this machine's; set metrics.listen to another "
        "address, to port 0 for any free port, or to \"\" for no endpoint"));
  }
  if (!server.ok()) return server.status();
  std::string url = absl::StrCat(scheme, (*server)->host(), ":", (*server)->port(), kPath);
  return std::unique_ptr<MetricsServer>(new MetricsServer(*std::move(server), std::move(url)));
}

MetricsServer::MetricsServer(std::unique_ptr<HttpServer> server, std::string url)
    : server_(std::move(server)), url_(std::move(url)) {}

MetricsServer::~MetricsServer() = default;

int MetricsServer::port() const { return server_->port(); }

}  // namespace assay::server
