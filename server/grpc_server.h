// The daemon's gRPC server: port, limits, interceptors and health.
#ifndef ASSAY_SERVER_GRPC_SERVER_H_
#define ASSAY_SERVER_GRPC_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/config.h"
#include "server/rpc/access_log.h"
#include "server/rpc/connection_acceptor.h"
#include "server/rpc/request_progress.h"
#include "server/rpc/reset_guard.h"
#include "server/tls/certificate_watch.h"

namespace grpc {
class Server;
class Service;
}  // namespace grpc

namespace assay::server {

// Serves the given services and grpc.health.v1.Health. Thread-safe.
class GrpcServer {
 public:
  struct Options {
    // host:port; port 0 is any free one.
    std::string listen;
    // They bound the size of messages, the connections and their streams.
    LimitsConfig limits;
    // The path of a Unix socket for this user's own clients, without TLS. Empty: there is none.
    std::string unix_socket;
    // Serves TLS at `listen` with these certificates. nullptr: without TLS. Must outlive the
    // server.
    const CertificateWatch* certificates = nullptr;
    // True: tells callers which services there are (server reflection).
    bool reflection = true;
    // Called for every finished call, on its thread.
    AccessLog::RecordFn on_call;
    // Names the keys of calls for `on_call`. Must outlive the server. nullptr: none is named.
    const AccessControl* access = nullptr;
    // Called when a connection was closed because of what it sent. May be null.
    std::function<void(const std::string& peer)> on_flood;
    // Tells which requests are complete. Must outlive the server. nullptr: incomplete requests have
    // no limit.
    RequestProgress* progress = nullptr;
  };

  // Binds the address and starts to serve. `services` must outlive the server. INVALID_ARGUMENT:
  // `listen` is not host:port, or the path of the socket is too long. FAILED_PRECONDITION: an
  // address cannot be bound.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      Options options, const std::vector<grpc::Service*>& services);

  // Cancels all calls and waits for them.
  ~GrpcServer();

  // Returns host:port with the port in use.
  const std::string& address() const { return acceptors_.front()->address(); }

  // Sets the health status of a service. Does nothing after Drain().
  void SetServing(const std::string& service, bool serving);

  // Sets every health status to NOT_SERVING and refuses new calls. Blocks until the running calls
  // have finished; those that still run at `deadline` are cancelled.
  void Drain(absl::Time deadline);

  // Cancels the running calls now. Must not be called while another thread is in Drain(), which
  // gRPC does not end early; CallRunner::CancelAll() does.
  void Abort();

 private:
  // The first one is that of `listen`.
  using Acceptors = std::vector<std::unique_ptr<ConnectionAcceptor>>;

  GrpcServer(Acceptors acceptors, std::unique_ptr<ResetGuard> resets,
             std::unique_ptr<grpc::Server> server);

  void StopAccepting();

  const Acceptors acceptors_;
  const std::unique_ptr<ResetGuard> resets_;
  const std::unique_ptr<grpc::Server> server_;
};

// Returns "package.Service/Method" of every method of assay.v1.
std::vector<std::string> ServedMethods();

}  // namespace assay::server

#endif  // ASSAY_SERVER_GRPC_SERVER_H_
