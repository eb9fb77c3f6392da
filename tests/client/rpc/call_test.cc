// Calls and streams against a scripted server.
#include "client/rpc/call.h"

#include <chrono>
#include <sstream>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"
#include "tests/patience.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;

class CallTest : public ::testing::Test {
 protected:
  Connection ConnectTo(const std::string& address) {
    const ChannelOptions channel{.address = address};
    return {{.channel = channel, .timeout = Patience()},
            *MakeChannel(channel),
            streams_,
            daemon_.interrupt};
  }

  FakeDaemon daemon_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  Streams streams_{.in = in_, .out = out_, .err = err_};
};

TEST_F(CallTest, UnaryCallReturnsTheReply) {
  daemon_.models.routes.set_default_model("a");
  Connection connection = ConnectTo(daemon_.address);
  v1::GetRoutesResponse reply;
  const grpc::Status status = Call(connection, &v1::ModelService::Stub::GetRoutes, {}, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.default_model(), "a");
}

TEST_F(CallTest, UnreachableServerIsReportedOnce) {
  Connection connection = ConnectTo("127.0.0.1:1");
  v1::GetRoutesResponse reply;
  const grpc::Status status = Call(connection, &v1::ModelService::Stub::GetRoutes, {}, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(connection.ReportFailure(status), kExitUnreachable);
  EXPECT_THAT(err_.str(), HasSubstr("UNREACHABLE: no server answers at 127.0.0.1:1"));
}

TEST_F(CallTest, StreamDeliversEveryEvent) {
  daemon_.evaluations.chunks = {"a", "b"};
  Connection connection = ConnectTo(daemon_.address);
  std::string document;
  const grpc::Status status =
      CallStream(connection, &v1::EvaluationService::Stub::GetReport, {},
                 [&document](const v1::ReportChunk& chunk) { document += chunk.data(); });
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(document, "ab");
}

TEST_F(CallTest, FalseCancelsTheStreamAndTheStatusIsOk) {
  daemon_.inference.stream = [](grpc::ServerContext& context, auto&, auto& writer) {
    writer.Write(v1::GenerateStreamResponse());
    while (!context.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return grpc::Status::CANCELLED;
  };
  Connection connection = ConnectTo(daemon_.address);
  int events = 0;
  const grpc::Status status =
      CallStream(connection, &v1::InferenceService::Stub::GenerateStream, {},
                 [&events](const v1::GenerateStreamResponse&) { return ++events < 1; });
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(events, 1);
}

TEST_F(CallTest, InterruptBeforeTheCallCancelsIt) {
  daemon_.interrupt.Raise();
  Connection connection = ConnectTo(daemon_.address);
  v1::GetRoutesResponse reply;
  const grpc::Status status = Call(connection, &v1::ModelService::Stub::GetRoutes, {}, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(connection.ReportFailure(status), kExitInterrupted);
}

}  // namespace
}  // namespace assay::client
