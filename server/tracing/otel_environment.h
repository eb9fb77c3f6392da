// OpenTelemetry's own environment variables.
#ifndef ASSAY_SERVER_TRACING_OTEL_ENVIRONMENT_H_
#define ASSAY_SERVER_TRACING_OTEL_ENVIRONMENT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/tracing/otlp_receiver.h"
#include "server/tracing/span.h"

namespace assay::server {

// Where spans go: `endpoint` (a whole URL, the configuration's) where it is not empty; else
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT as it is, else OTEL_EXPORTER_OTLP_ENDPOINT with "/v1/traces"
// after it; nullopt without any, and where OTEL_SDK_DISABLED is "true".
//
// Read too: OTEL_EXPORTER_OTLP_TRACES_HEADERS, else OTEL_EXPORTER_OTLP_HEADERS ("name=value,...",
// values percent-encoded); _TIMEOUT likewise (milliseconds, default 10 s); _CERTIFICATE likewise.
// INVALID_ARGUMENT names the variable (a header's value is not shown).
absl::StatusOr<std::optional<OtlpTarget>> ReadOtlpTarget(const std::string& endpoint);

// What this process says of itself: service.name (OTEL_SERVICE_NAME, else "assayd"),
// service.version, service.instance.id (random), and OTEL_RESOURCE_ATTRIBUTES ("key=value,...").
Attributes ReadResource(const std::string& version);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_OTEL_ENVIRONMENT_H_
