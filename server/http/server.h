// An HTTP/1.1 server for a few routes, on Boost.Beast.
#ifndef ASSAY_SERVER_HTTP_SERVER_H_
#define ASSAY_SERVER_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/http/limits.h"
#include "server/http/message.h"
#include "server/http/router.h"

namespace assay::server {

class TlsContexts;

struct HttpServerOptions {
  // "host:port": host is an IP address ("127.0.0.1", "[::1]") or a name, of which the first address
  // counts. Port 0 picks a free one.
  std::string address;
  HttpRouter router;
  HttpLimits limits;
  // The threads that run handlers, which may block.
  int handler_threads = 1;
  // Returns the response of a refusal by the server itself (400, 404, 405, 408, 413, 431, 503) in
  // the form of an API. `sentence` says why. Null: plain text.
  std::function<HttpResponse(int status, std::string_view sentence, std::string_view path)> refuse;
  // Accepts TLS connections only; null means plain TCP.
  std::shared_ptr<const TlsContexts> tls;
};

// Serves requests until it is destroyed. One thread reads and writes all connections without
// blocking, so a slow client delays no other; further threads run the handlers. Connections are
// kept alive. Requests beyond the limits have status 408, 413, 431 or 503, malformed ones 400.
// Without descriptors for new connections, it waits until one is free.
class HttpServer {
 public:
  // Returns INVALID_ARGUMENT if the address is malformed, and FAILED_PRECONDITION if it cannot be
  // listened on.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpServerOptions options);
  // Stops to listen, closes connections without a complete request, and waits for up to
  // `stop_grace` for the responses to the others; then it tells handlers that still run that their
  // clients have gone, and waits for them.
  ~HttpServer();

  int port() const { return port_; }
  // The host of the address, as it was given.
  const std::string& host() const { return host_; }

 private:
  class Core;
  HttpServer(std::shared_ptr<Core> core, std::string host, int port);

  const std::shared_ptr<Core> core_;
  const std::string host_;
  const int port_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_HTTP_SERVER_H_
