// Between absl::Status and what travels in a gRPC call.
#ifndef ASSAY_SERVER_RPC_GRPC_STATUS_H_
#define ASSAY_SERVER_RPC_GRPC_STATUS_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"

namespace assay::server {

// When a caller may try again: what ToGrpcStatus() tells it; not below 1 ms.
void SetRetryDelay(absl::Duration delay, absl::Status* status);

// Same code and message. RESOURCE_EXHAUSTED and UNAVAILABLE carry google.rpc.RetryInfo in the
// details: the delay that was set, else a second.
grpc::Status ToGrpcStatus(const absl::Status& status);

// "ok", "not_found", ...: the value of metrics' and logs' `status`.
std::string_view StatusLabel(absl::StatusCode code);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_GRPC_STATUS_H_
