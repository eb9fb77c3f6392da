// Converts absl::Status to gRPC.
#include "server/rpc/grpc_status.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/retry_delay.h"
#include "base/utf8.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/support/status.h"

namespace assay::server {
namespace {

// A place in a queue is free after about one short generation.
constexpr int kRetrySeconds = 1;

google::rpc::RetryInfo RetryInfoOf(const absl::Status& status) {
  absl::Duration rest = RetryDelay(status).value_or(absl::Seconds(kRetrySeconds));
  google::rpc::RetryInfo retry;
  const int64_t seconds = absl::IDivDuration(rest, absl::Seconds(1), &rest);
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return retry;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  // The message is also sent in a proto and may quote arbitrary bytes of files or callers.
  const std::string message = ReplaceInvalidUtf8(std::string(status.message()));
  if (code != grpc::StatusCode::RESOURCE_EXHAUSTED && code != grpc::StatusCode::UNAVAILABLE) {
    return {code, message};
  }
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(message);
  (void)details.add_details()->PackFrom(RetryInfoOf(status));
  return {code, message, details.SerializeAsString()};
}

std::string_view StatusLabel(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "ok";
    case absl::StatusCode::kCancelled:
      return "cancelled";
    case absl::StatusCode::kInvalidArgument:
      return "invalid_argument";
    case absl::StatusCode::kDeadlineExceeded:
      return "deadline_exceeded";
    case absl::StatusCode::kNotFound:
      return "not_found";
    case absl::StatusCode::kResourceExhausted:
      return "resource_exhausted";
    case absl::StatusCode::kFailedPrecondition:
      return "failed_precondition";
    case absl::StatusCode::kUnimplemented:
      return "unimplemented";
    case absl::StatusCode::kInternal:
      return "internal";
    case absl::StatusCode::kUnavailable:
      return "unavailable";
    case absl::StatusCode::kDataLoss:
      return "data_loss";
    case absl::StatusCode::kUnauthenticated:
      return "unauthenticated";
    case absl::StatusCode::kPermissionDenied:
      return "permission_denied";
    case absl::StatusCode::kAlreadyExists:
      return "already_exists";
    case absl::StatusCode::kAborted:
      return "aborted";
    case absl::StatusCode::kOutOfRange:
      return "out_of_range";
    default:
      return "unknown";
  }
}

}  // namespace assay::server
