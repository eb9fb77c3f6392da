// Spans as OTLP writes them in JSON
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
#ifndef ASSAY_SERVER_TRACING_OTLP_JSON_H_
#define ASSAY_SERVER_TRACING_OTLP_JSON_H_

#include <string>

#include "absl/types/span.h"
#include "server/tracing/span.h"

namespace assay::server {

// An ExportTraceServiceRequest. `resource`: attributes of this process. Text that is not UTF-8 gets
// replacement characters.
std::string ToOtlpJson(absl::Span<const Span> spans, const Attributes& resource,
                       const std::string& version);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_OTLP_JSON_H_
