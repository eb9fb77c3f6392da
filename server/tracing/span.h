// A span: one timed operation of a trace.
#ifndef ASSAY_SERVER_TRACING_SPAN_H_
#define ASSAY_SERVER_TRACING_SPAN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace assay::server {

// The numeric values are those of OpenTelemetry.
enum class SpanKind { kInternal = 1, kServer = 2 };

using AttributeValue = std::variant<std::string, int64_t, double, bool, std::vector<std::string>>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

// Names and attributes follow OpenTelemetry's semantic conventions.
struct Span {
  std::string trace_id;
  std::string span_id;
  // Empty for the root span of a trace.
  std::string parent_span_id;
  std::string trace_state;
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  absl::Time start;
  absl::Time end;
  Attributes attributes;
  // The error message; empty if the operation succeeded.
  std::string error;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_SPAN_H_
