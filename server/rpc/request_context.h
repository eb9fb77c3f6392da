// The origin of a request, and the ids that identify it in logs and traces.
#ifndef ASSAY_SERVER_RPC_REQUEST_CONTEXT_H_
#define ASSAY_SERVER_RPC_REQUEST_CONTEXT_H_

#include <string>

#include "server/access/caller.h"
#include "server/tracing/trace_context.h"

namespace assay::server {

// The origin of a request. It appears in the log, in traces and in the caller's own records.
struct RequestContext {
  // The caller's x-request-id if it has 1 to 128 visible ASCII characters, else 16 random
  // hexadecimal digits.
  std::string request_id;
  // The caller's traceparent and tracestate, else a new trace.
  TraceContext trace;
  // The method, as in "assay.v1.InferenceService/Generate". Empty for the daemon's own work
  // (evaluations).
  std::string method;
  // The caller's address as gRPC formats it, as in "ipv4:127.0.0.1:40312".
  std::string peer;
  Caller caller;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_REQUEST_CONTEXT_H_
