// W3C Trace Context (https://www.w3.org/TR/trace-context/): the trace that a call belongs to.
#ifndef ASSAY_SERVER_TRACING_TRACE_CONTEXT_H_
#define ASSAY_SERVER_TRACING_TRACE_CONTEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace assay::server {

// The trace context of one call. Ids are lower-case hexadecimal: 32 digits for a trace, 16 for a
// span.
struct TraceContext {
  std::string trace_id;
  // The span of this process for the call.
  std::string span_id;
  // The caller's span; empty if the trace starts here.
  std::string parent_span_id;
  // The caller's `tracestate`, unchanged; empty if there is none.
  std::string state;
  // True if the spans of this trace are exported.
  bool sampled = false;
};

// The content of a `traceparent` header.
struct TraceParent {
  std::string trace_id;
  std::string span_id;
  bool sampled = false;
};

// Parses a `traceparent` header of version 00, or of a later version that starts in the same
// format. Returns nullopt if it is invalid: an invalid header is treated like a missing one
// (section 3.2.2).
std::optional<TraceParent> ParseTraceParent(std::string_view header);

// Continues the caller's trace with its sampling decision. If `traceparent` is invalid, starts a
// new trace that is sampled with probability `ratio`, in [0, 1]. A `tracestate` longer than 512
// bytes is dropped.
TraceContext ContinueTrace(std::string_view traceparent, std::string_view tracestate, double ratio);

// Returns `digits` random hexadecimal digits that are not all 0. `digits` must be a multiple of 16.
std::string RandomHex(int digits);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_TRACE_CONTEXT_H_
