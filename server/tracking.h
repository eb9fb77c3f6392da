// Makes the clients of MLflow and of trace receivers from the configuration.
#ifndef ASSAY_SERVER_TRACKING_H_
#define ASSAY_SERVER_TRACKING_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/config.h"
#include "server/mlflow/client.h"
#include "server/tracing/span_exporter.h"

namespace assay::server {

// Makes a client of mlflow.tracking_uri, which must not be empty. `artifacts` may be null: runs
// then have no files. Errors name the config key. Does not connect.
absl::StatusOr<std::unique_ptr<MlflowClient>> MakeMlflowClient(const Config& config,
                                                               ArtifactSource artifacts);

// Makes the exporter of traces, or returns nullptr if there is no receiver for them. `on_error` is
// called on the exporter's thread. Errors name the config key. Does not connect.
absl::StatusOr<std::unique_ptr<SpanExporter>> MakeSpanExporter(
    const Config& config, std::function<void(const absl::Status&)> on_error);

// Checks what the two functions above need, without making anything that runs.
absl::Status CheckTracking(const Config& config);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACKING_H_
