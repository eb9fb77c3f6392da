// MLflow and trace receivers made from a configuration.
#include "server/tracking.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using testing::StartsWith;

TEST(TrackingTest, TracesToMlflowNeedATrackingUri) {
  Config config;
  config.tracing.endpoint = "mlflow";
  const absl::Status status = CheckTracking(config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              StartsWith("tracing.endpoint: is 'mlflow', but mlflow.tracking_uri is empty"));
  EXPECT_EQ(MakeSpanExporter(config, nullptr).status(), status);
}

TEST(TrackingTest, InvalidTrackingUriIsNamedByItsKey) {
  Config config;
  config.mlflow.tracking_uri = "no url";
  EXPECT_THAT(std::string(CheckTracking(config).message()), StartsWith("mlflow.tracking_uri: "));
}

TEST(TrackingTest, ReceiverIsMadeWithoutConnecting) {
  Config config;
  config.tracing.endpoint = "http://127.0.0.1:1/v1/traces";
  const auto exporter = MakeSpanExporter(config, nullptr);
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  EXPECT_NE(*exporter, nullptr);
}

}  // namespace
}  // namespace assay::server
