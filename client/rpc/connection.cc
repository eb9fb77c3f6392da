// Connects, sets deadlines and reports errors.
#include "client/rpc/connection.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/terminal/exit_code.h"

namespace assay::client {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(5);
// The interval at which Ctrl-C is polled while connecting.
constexpr absl::Duration kConnectPoll = absl::Milliseconds(50);
// The deadline of commands without --timeout.
constexpr absl::Duration kPatience = absl::Hours(30 * 24);

std::string_view CodeName(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return "OK";
    case grpc::StatusCode::CANCELLED:
      return "CANCELLED";
    case grpc::StatusCode::INVALID_ARGUMENT:
      return "INVALID_ARGUMENT";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case grpc::StatusCode::NOT_FOUND:
      return "NOT_FOUND";
    case grpc::StatusCode::ALREADY_EXISTS:
      return "ALREADY_EXISTS";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    case grpc::StatusCode::UNAUTHENTICATED:
      return "UNAUTHENTICATED";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case grpc::StatusCode::FAILED_PRECONDITION:
      return "FAILED_PRECONDITION";
    case grpc::StatusCode::ABORTED:
      return "ABORTED";
    case grpc::StatusCode::OUT_OF_RANGE:
      return "OUT_OF_RANGE";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "UNIMPLEMENTED";
    case grpc::StatusCode::INTERNAL:
      return "INTERNAL";
    case grpc::StatusCode::UNAVAILABLE:
      return "UNAVAILABLE";
    case grpc::StatusCode::DATA_LOSS:
      return "DATA_LOSS";
    default:
      return "UNKNOWN";
  }
}

int ExitCode(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return kExitOk;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return kExitUsage;
    case grpc::StatusCode::NOT_FOUND:
      return kExitNotFound;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::UNAVAILABLE:
      return kExitTryAgain;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return kExitDeadline;
    default:
      return kExitFailed;
  }
}

// True if the server's log may explain the error. The caller can correct the others alone.
bool IsServerSide(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::CANCELLED:
      return false;
    default:
      return true;
  }
}

std::string RandomId() {
  absl::BitGen random;
  return absl::StrCat(absl::Hex(absl::Uniform<uint64_t>(random), absl::kZeroPad16));
}

std::string_view Hint(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return " (see `assay models` and `assay evaluations list`)";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::UNAVAILABLE:
      return " (try again in a moment)";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return " (give it more time with --timeout)";
    default:
      return "";
  }
}

}  // namespace

Connection::Connection(ConnectionOptions options, std::shared_ptr<grpc::Channel> channel,
                       Streams& streams, Interrupt& interrupt)
    : options_(std::move(options)),
      streams_(streams),
      interrupt_(interrupt),
      channel_(std::move(channel)) {
  if (options_.request_id.empty()) options_.request_id = RandomId();
}

grpc::Status Connection::Connect() {
  if (connected_) return grpc::Status::OK;
  interrupt_.Arm();
  const absl::Time start = absl::Now();
  deadline_ = start + options_.timeout;
  const absl::Time limit = std::min(deadline_, start + kConnectTimeout);
  while (true) {
    const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true);
    connected_ = state == GRPC_CHANNEL_READY;
    if (connected_) return grpc::Status::OK;
    if (interrupt_.raised()) return {grpc::StatusCode::CANCELLED, "interrupted"};
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN ||
        absl::Now() >= limit) {
      return {grpc::StatusCode::UNAVAILABLE,
              absl::StrCat("no server answers at ", options_.channel.address,
                           options_.channel.UsesTls() ? " with TLS and these certificates" : "")};
    }
    channel_->WaitForStateChange(state,
                                 absl::ToChronoTime(std::min(limit, absl::Now() + kConnectPoll)));
  }
}

void Connection::Prepare(grpc::ClientContext& context) const {
  // A call without a deadline would get the server's default, which is meant for programs. Here,
  // the user may interrupt.
  context.set_deadline(absl::ToChronoTime(std::min(deadline_, absl::Now() + kPatience)));
  if (!options_.channel.api_key.empty()) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", options_.channel.api_key));
  }
  context.AddMetadata("x-request-id", options_.request_id);
  if (!options_.traceparent.empty()) context.AddMetadata("traceparent", options_.traceparent);
  if (!options_.tracestate.empty()) context.AddMetadata("tracestate", options_.tracestate);
}

int Connection::ReportFailure(const grpc::Status& status, bool about_files) const {
  if (status.ok()) return kExitOk;
  if (interrupt_.raised()) {
    streams_.err << "assay: CANCELLED: interrupted\n";
    return kExitInterrupted;
  }
  if (!connected_) return ReportUnreachable(status.error_message());
  // A server that refuses adds RetryInfo to the status; a broken connection has no details.
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE && status.error_details().empty() &&
      channel_->GetState(false) != GRPC_CHANNEL_READY) {
    return ReportUnreachable(absl::StrCat("the connection to ", options_.channel.address,
                                          " broke: ", status.error_message()));
  }
  streams_.err << "assay: " << CodeName(status.error_code()) << ": "
               << OneLine(status.error_message())
               << (about_files ? std::string_view() : Hint(status.error_code()));
  if (IsServerSide(status.error_code())) {
    streams_.err << " [request " << options_.request_id << "]";
  }
  streams_.err << "\n";
  return ExitCode(status.error_code());
}

int Connection::ReportUnreachable(std::string_view message) const {
  streams_.err << "assay: UNREACHABLE: " << OneLine(message)
               << " (is assayd running? start it with `make demo`, set ASSAY_ADDRESS, or give "
                  "--ca if it uses TLS)\n";
  return kExitUnreachable;
}

}  // namespace assay::client
