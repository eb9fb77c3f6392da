// The APIs of the daemon that speak HTTP.
#include "server/http_stack.h"

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "base/mutex_lock.h"
#include "server/fronts/openai/api_error.h"

namespace assay::server {
namespace {

// The most requests that are answered at the same time, each on a thread.
constexpr int kHandlerThreads = 256;

}  // namespace

absl::StatusOr<std::unique_ptr<HttpStack>> HttpStack::Start(
    const Config& config, OpenAiFront::Dependencies dependencies,
    std::shared_ptr<const TlsContexts> tls) {
  // std::make_unique cannot call the private constructor.
  std::unique_ptr<HttpStack> stack(new HttpStack(std::move(dependencies)));
  HttpRouter router;
  stack->front_.AddRoutes(&router);
  HttpLimits limits;
  limits.max_connections = config.limits.max_connections;
  limits.max_per_address = config.limits.max_connections_per_address;
  limits.max_pending = kHandlerThreads;
  limits.write_timeout = absl::ToChronoMilliseconds(config.limits.write_timeout);
  limits.stop_grace = absl::ToChronoMilliseconds(config.limits.drain_timeout);
  const char* const scheme = tls == nullptr ? "http://" : "https://";
  absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start(
      {.address = config.http_listen,
       .router = std::move(router),
       .limits = limits,
       .handler_threads = kHandlerThreads,
       .refuse = [](int status, std::string_view sentence,
                    std::string_view /*path*/) { return RefusalResponse(status, sentence); },
       .tls = std::move(tls)});
  if (absl::IsFailedPrecondition(server.status())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "http.listen: ", std::string(server.status().message()),
        "; the port is in use or the address is not this machine's; set another address, or port "
        "0 for any free one"));
  }
  if (!server.ok()) return Annotate(server.status(), "http.listen");
  stack->url_ = absl::StrCat(scheme, (*server)->host(), ":", (*server)->port());
  const MutexLock lock(stack->mutex_);
  stack->server_ = *std::move(server);
  return stack;
}

void HttpStack::Stop() {
  std::unique_ptr<HttpServer> server;
  {
    const MutexLock lock(mutex_);
    server = std::move(server_);
  }
}

}  // namespace assay::server
