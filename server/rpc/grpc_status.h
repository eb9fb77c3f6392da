// Converts absl::Status to gRPC.
#ifndef ASSAY_SERVER_RPC_GRPC_STATUS_H_
#define ASSAY_SERVER_RPC_GRPC_STATUS_H_

#include <string_view>

#include "absl/status/status.h"
#include "base/retry_delay.h"
#include "grpcpp/support/status.h"

namespace assay::server {

// Returns a status with the same code and message. RESOURCE_EXHAUSTED and UNAVAILABLE carry
// google.rpc.RetryInfo in the details: the delay of SetRetryDelay() (base/retry_delay.h), else one
// second.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Returns the code in lower case, as in "ok" or "not_found". It is the value of `status` in metrics
// and logs.
std::string_view StatusLabel(absl::StatusCode code);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_GRPC_STATUS_H_
