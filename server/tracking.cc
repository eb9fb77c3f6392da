// Makes the clients of MLflow and of trace receivers from the configuration.
#include "server/tracking.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "server/mlflow/environment.h"
#include "server/mlflow/span_receiver.h"
#include "server/tracing/otel_environment.h"
#include "server/tracing/otlp_receiver.h"
#include "server/tracing/span_receiver.h"

namespace assay::server {
namespace {

// Returns nullptr if traces are off.
absl::StatusOr<std::unique_ptr<SpanReceiver>> MakeReceiver(const Config& config) {
  if (config.tracing.endpoint == "mlflow") {
    if (config.mlflow.tracking_uri.empty()) {
      return absl::InvalidArgumentError(
          "is 'mlflow', but mlflow.tracking_uri is empty: set that, or give the URL of an OTLP "
          "receiver, as in http://127.0.0.1:4318/v1/traces");
    }
    ASSIGN_OR_RETURN(std::unique_ptr<MlflowClient> client, MakeMlflowClient(config, nullptr));
    return std::make_unique<MlflowSpanReceiver>(std::move(client));
  }
  ASSIGN_OR_RETURN(std::optional<OtlpTarget> target, ReadOtlpTarget(config.tracing.endpoint));
  if (!target.has_value()) return nullptr;
  return std::make_unique<OtlpReceiver>(*std::move(target));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MlflowClient>> MakeMlflowClient(const Config& config,
                                                               ArtifactSource artifacts) {
  absl::StatusOr<MlflowSettings> settings = ReadMlflowSettings(config.mlflow.experiment);
  if (!settings.ok()) return Annotate(settings.status(), "mlflow");
  absl::StatusOr<std::unique_ptr<MlflowClient>> client =
      MlflowClient::Create(config.mlflow.tracking_uri, *std::move(settings), std::move(artifacts));
  if (!client.ok()) return Annotate(client.status(), "mlflow.tracking_uri");
  return client;
}

absl::StatusOr<std::unique_ptr<SpanExporter>> MakeSpanExporter(
    const Config& config, std::function<void(const absl::Status&)> on_error) {
  absl::StatusOr<std::unique_ptr<SpanReceiver>> receiver = MakeReceiver(config);
  if (!receiver.ok()) return Annotate(receiver.status(), "tracing.endpoint");
  if (*receiver == nullptr) return nullptr;
  SpanExporter::Options options;
  options.resource = ReadResource(ASSAY_VERSION);
  options.version = ASSAY_VERSION;
  options.on_error = std::move(on_error);
  return std::make_unique<SpanExporter>(*std::move(receiver), std::move(options));
}

absl::Status CheckTracking(const Config& config) {
  if (!config.mlflow.tracking_uri.empty()) {
    RETURN_IF_ERROR(MakeMlflowClient(config, nullptr).status());
  }
  return Annotate(MakeReceiver(config).status(), "tracing.endpoint");
}

}  // namespace assay::server
