// Serializes spans as OTLP JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
#ifndef ASSAY_SERVER_TRACING_OTLP_JSON_H_
#define ASSAY_SERVER_TRACING_OTLP_JSON_H_

#include <string>

#include "absl/types/span.h"
#include "server/tracing/span.h"

namespace assay::server {

// Returns an ExportTraceServiceRequest. `resource` holds the attributes of this process, `version`
// is that of assayd. Invalid UTF-8 is replaced by replacement characters.
std::string ToOtlpJson(absl::Span<const Span> spans, const Attributes& resource,
                       const std::string& version);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_OTLP_JSON_H_
