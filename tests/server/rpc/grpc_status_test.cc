// Conversion of absl::Status to gRPC.
#include "server/rpc/grpc_status.h"

#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(GrpcStatusTest, KeepsCodeAndMessage) {
  const grpc::Status status = ToGrpcStatus(absl::NotFoundError("model 'x' is not in the catalog"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "model 'x' is not in the catalog");
  EXPECT_TRUE(status.error_details().empty());
}

TEST(GrpcStatusTest, OkIsOk) { EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok()); }

TEST(GrpcStatusTest, ResourceExhaustedCarriesRetryInfo) {
  const grpc::Status status = ToGrpcStatus(absl::ResourceExhaustedError("queue full"));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), static_cast<int>(grpc::StatusCode::RESOURCE_EXHAUSTED));
  ASSERT_EQ(details.details_size(), 1);
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(0).UnpackTo(&retry));
  EXPECT_GT(retry.retry_delay().seconds(), 0);
}

TEST(GrpcStatusTest, RetryInfoHasTheDelayThatWasSet) {
  for (const auto& [delay, seconds, nanos] : {std::tuple(absl::Milliseconds(9250), 9, 250'000'000),
                                              {absl::ZeroDuration(), 0, 1'000'000}}) {
    absl::Status error = absl::UnavailableError("its breaker is open");
    SetRetryDelay(delay, &error);
    google::rpc::Status details;
    google::rpc::RetryInfo retry;
    ASSERT_TRUE(details.ParseFromString(ToGrpcStatus(error).error_details()));
    ASSERT_TRUE(details.details(0).UnpackTo(&retry));
    EXPECT_EQ(retry.retry_delay().seconds(), seconds);
    EXPECT_EQ(retry.retry_delay().nanos(), nanos);
  }
}

TEST(GrpcStatusTest, LabelsAreCodeNamesInLowerCase) {
  EXPECT_EQ(StatusLabel(absl::StatusCode::kOk), "ok");
  EXPECT_EQ(StatusLabel(absl::StatusCode::kDeadlineExceeded), "deadline_exceeded");
  EXPECT_EQ(StatusLabel(absl::StatusCode::kOutOfRange), "out_of_range");
}

}  // namespace
}  // namespace assay::server
