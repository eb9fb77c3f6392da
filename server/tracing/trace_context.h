// W3C Trace Context: which trace a call belongs to (https://www.w3.org/TR/trace-context/).
#ifndef ASSAY_SERVER_TRACING_TRACE_CONTEXT_H_
#define ASSAY_SERVER_TRACING_TRACE_CONTEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace assay::server {

// Ids are lower-case hexadecimal: 32 digits of a trace, 16 of a span.
struct TraceContext {
  std::string trace_id;
  // Of what this process does for the call.
  std::string span_id;
  // The caller's; empty = the trace begins here.
  std::string parent_span_id;
  // The caller's `tracestate`, as it came; empty = none.
  std::string state;
  // Whether spans are exported.
  bool sampled = false;
};

// What a caller says in `traceparent`.
struct TraceParent {
  std::string trace_id;
  std::string span_id;
  bool sampled = false;
};

// nullopt: no header of version 00, nor one of a later version that begins like it. A header that
// is not valid is as good as none (section 3.2.2).
std::optional<TraceParent> ParseTraceParent(std::string_view header);

// Continues the caller's trace and its decision to sample; begins one where `traceparent` is not
// valid, sampled with a probability of `ratio`, in [0, 1]. A `tracestate` beyond 512 bytes is
// dropped.
TraceContext ContinueTrace(std::string_view traceparent, std::string_view tracestate, double ratio);

// So many random hexadecimal digits, never all 0; `digits` a multiple of 16.
std::string RandomHex(int digits);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_TRACE_CONTEXT_H_
