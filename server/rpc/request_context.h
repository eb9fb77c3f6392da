// Who calls, and how the call is found again: in the log, in traces, in the caller's own records.
#ifndef ASSAY_SERVER_RPC_REQUEST_CONTEXT_H_
#define ASSAY_SERVER_RPC_REQUEST_CONTEXT_H_

#include <string>
#include <string_view>

#include "grpcpp/server_context.h"
#include "server/tracing/trace_context.h"

namespace assay::server {

// The metadata key of the caller's own id for a call, and of ours in the reply's initial metadata.
inline constexpr char kRequestIdKey[] = "x-request-id";

struct RequestContext {
  // The caller's x-request-id (1 to 128 visible ASCII characters; anything else is replaced), else
  // 16 random hexadecimal digits.
  std::string request_id;
  // Its traceparent and tracestate, else a trace of our own.
  TraceContext trace;
  // "assay.v1.InferenceService/Generate"; empty for the daemon's own work (evaluations).
  std::string method;
  // As gRPC has it: "ipv4:127.0.0.1:40312".
  std::string peer;
  // False: a measurement, whose prompt is read whole whatever of it earlier requests have left in
  // the prefix cache, and leaves nothing there.
  bool reuse_prefix = true;
};

// Of one call. `method` as gRPC has it, with or without the leading slash. sample_ratio: of the
// traces that begin here.
RequestContext MakeRequestContext(const grpc::ServerContextBase& call, std::string_view method,
                                  double sample_ratio);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_REQUEST_CONTEXT_H_
