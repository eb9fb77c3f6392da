// The gRPC server: its address, and the methods that it serves.
#include "server/grpc_server.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

absl::StatusOr<std::unique_ptr<GrpcServer>> StartAt(const std::string& listen) {
  return GrpcServer::Start({.listen = listen, .on_call = [](const CallRecord&) {}}, {});
}

TEST(GrpcServerTest, PortZeroIsReplacedByTheFreePort) {
  const auto server = StartAt("127.0.0.1:0");
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT((*server)->address(), StartsWith("127.0.0.1:"));
  EXPECT_NE((*server)->address(), "127.0.0.1:0");
  (*server)->SetServing("model", true);
  (*server)->Drain(absl::Now());
  (*server)->SetServing("model", false);
}

TEST(GrpcServerTest, AddressInUseIsNamedInTheError) {
  const auto first = StartAt("127.0.0.1:0");
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status status = StartAt((*first)->address()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr((*first)->address()));
}

TEST(GrpcServerTest, AddressWithoutPortIsInvalid) {
  for (const char* listen : {"", "localhost", ":50051"}) {
    EXPECT_EQ(StartAt(listen).status().code(), absl::StatusCode::kInvalidArgument) << listen;
  }
}

TEST(GrpcServerTest, MethodsOfAllServicesAreListed) {
  for (const char* method :
       {"assay.v1.InferenceService/GenerateStream", "assay.v1.ModelService/SetRoutes",
        "assay.v1.EvaluationService/Evaluate", "assay.v1.EmbeddingService/Embed",
        "assay.v1.ScoringService/Score", "assay.v1.FeedbackService/GiveFeedback",
        "assay.v1.RatingService/AddRatings", "assay.v1.JudgingService/JudgeEvaluation",
        "assay.v1.TrackingService/FlushTracking", "assay.v1.PromptLogService/DeletePrompts",
        "assay.v1.EvaluationControlService/DeleteEvaluations"}) {
    EXPECT_THAT(ServedMethods(), Contains(method));
  }
}

}  // namespace
}  // namespace assay::server
