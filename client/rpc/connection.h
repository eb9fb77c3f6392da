// The channel to the daemon that the calls of one command share.
#ifndef ASSAY_CLIENT_RPC_CONNECTION_H_
#define ASSAY_CLIENT_RPC_CONNECTION_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "client/rpc/channel.h"
#include "client/terminal/console.h"
#include "client/terminal/interrupt.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace assay::client {

struct ConnectionOptions {
  ChannelOptions channel;
  // The time for the whole command, from the first Connect() on. Infinite: no limit.
  absl::Duration timeout = absl::InfiniteDuration();
  // The name of the command's calls in the server's log and traces. Empty: a random id.
  std::string request_id;
  // The W3C Trace Context of the process that runs the command. Empty: none.
  std::string traceparent;
  std::string tracestate;
};

// One command's connection to assayd. Construction is cheap and opens no socket. Commands use it
// through Call() and CallStream() (client/rpc/call.h) and ReportFailure(). Not thread-safe; the
// Interrupt may be raised from any thread.
class Connection {
 public:
  // `channel` is the result of MakeChannel(options.channel). `streams` and `interrupt` must outlive
  // the connection.
  Connection(ConnectionOptions options, std::shared_ptr<grpc::Channel> channel, Streams& streams,
             Interrupt& interrupt);

  // Waits until the server answers. Returns UNAVAILABLE if nothing listens at the address (known at
  // once if the connection is refused, otherwise after five seconds) and CANCELLED if the user
  // interrupts. Later calls return OK at once.
  grpc::Status Connect();

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  Interrupt& interrupt() const { return interrupt_; }

  // Sets what remains of `timeout` as the deadline and adds the key, the request id and the trace
  // context.
  // Must be called after Connect().
  void Prepare(grpc::ClientContext& context) const;

  // Writes "assay: CODE: message" and a hint what to do to err, with the request id if the server's
  // log may have more. Returns the exit code for `status` (client/terminal/exit_code.h).
  // `about_files`: NOT_FOUND means a file, so the hint about models and evaluations is left out.
  int ReportFailure(const grpc::Status& status, bool about_files = false) const;

 private:
  int ReportUnreachable(std::string_view message) const;

  ConnectionOptions options_;
  Streams& streams_;
  Interrupt& interrupt_;
  const std::shared_ptr<grpc::Channel> channel_;
  bool connected_ = false;
  absl::Time deadline_ = absl::InfiniteFuture();
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RPC_CONNECTION_H_
