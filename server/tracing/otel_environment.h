// Reads OpenTelemetry's standard environment variables.
#ifndef ASSAY_SERVER_TRACING_OTEL_ENVIRONMENT_H_
#define ASSAY_SERVER_TRACING_OTEL_ENVIRONMENT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/tracing/otlp_receiver.h"
#include "server/tracing/span.h"

namespace assay::server {

// Returns the receiver of spans, or nullopt if none is configured or OTEL_SDK_DISABLED is "true".
// The URL is the first of these that is set:
//
//   1. `endpoint`, a complete URL from the configuration file;
//   2. OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, used as it is;
//   3. OTEL_EXPORTER_OTLP_ENDPOINT with "/v1/traces" appended.
//
// Also reads OTEL_EXPORTER_OTLP_TRACES_HEADERS, else OTEL_EXPORTER_OTLP_HEADERS ("name=value,...",
// values percent-encoded), and in the same way _TIMEOUT (milliseconds, default 10 s) and
// _CERTIFICATE. Returns INVALID_ARGUMENT that names the variable; header values are never shown.
absl::StatusOr<std::optional<OtlpTarget>> ReadOtlpTarget(const std::string& endpoint);

// Returns the resource attributes of this process: service.name (OTEL_SERVICE_NAME, else "assayd"),
// service.version, service.instance.id (random) and those of OTEL_RESOURCE_ATTRIBUTES
// ("key=value,...").
Attributes ReadResource(const std::string& version);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_OTEL_ENVIRONMENT_H_
