// One channel to the daemon, and what every call on it needs.
#ifndef ASSAY_CLIENT_RPC_CONNECTION_H_
#define ASSAY_CLIENT_RPC_CONNECTION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/terminal/console.h"
#include "client/terminal/interrupt.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace assay::client {

struct ConnectionOptions {
  // host:port.
  std::string address;
  // Time for the whole command, from Connect on; infinite = no limit.
  absl::Duration timeout = absl::InfiniteDuration();
  // How the server's log and traces name the command's calls; empty = drawn.
  std::string request_id;
  // W3C Trace Context of whoever runs the command; empty = none.
  std::string traceparent;
  std::string tracestate;
};

// Not thread-safe, but for the Interrupt.
class Connection {
 public:
  Connection(ConnectionOptions options, Streams& streams, Interrupt& interrupt);

  // Waits until the server answers: UNAVAILABLE when nothing listens there (known at once on a
  // refused connection, else after five seconds), CANCELLED when interrupted.
  absl::Status Connect();

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  Interrupt& interrupt() const { return interrupt_; }

  // Sets the deadline that `timeout` leaves, and what the server is told of the command.
  void Prepare(grpc::ClientContext& context) const;

  // Writes "assay: CODE: message" and what to do to err, with the request's id where the server's
  // log may say more; returns the exit code that says it.
  // about_files: what is not found is a file, not a model that has a name.
  int ReportFailure(const grpc::Status& status, bool about_files = false) const;
  // The same for Connect's status.
  int ReportUnreachable(const absl::Status& status) const;

 private:
  ConnectionOptions options_;
  Streams& streams_;
  Interrupt& interrupt_;
  absl::Time deadline_ = absl::InfiniteFuture();
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RPC_CONNECTION_H_
