// The health that clients see of models.
#include "server/model_health.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

namespace health = grpc::health::v1;

registry::Catalog TwoModels() {
  registry::Catalog catalog;
  for (const char* id : {"resident", "other"}) {
    catalog.models.push_back({.id = id, .path = "/proc/self/exe"});
  }
  return catalog;
}

class ModelHealthTest : public testing::Test {
 protected:
  ModelHealthTest() : manager_(TwoModels(), &loader_, {}, nullptr) {
    EXPECT_TRUE(manager_.Acquire("resident").ok());
    auto server =
        GrpcServer::Start({.listen = "127.0.0.1:0", .on_call = [](const CallRecord&) {}}, {});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = health::Health::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }

  bool Serves(const std::string& model) {
    grpc::ClientContext context;
    health::HealthCheckRequest request;
    request.set_service(model);
    health::HealthCheckResponse response;
    const grpc::Status status = stub_->Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status() == health::HealthCheckResponse::SERVING;
  }

  CountingLoader loader_;
  registry::Manager manager_;
  ModelBreakers breakers_{{.failures = 1}};
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<health::Health::Stub> stub_;
  ModelHealth health_{&manager_, &breakers_};
};

TEST_F(ModelHealthTest, EvaluationsServeUnlessTheyCannotBeRecorded) {
  const std::string service = "assay.v1.EvaluationService";
  health_.Attach(server_.get());
  EXPECT_TRUE(Serves(service));
  health_.SetEvaluations(false);
  EXPECT_FALSE(Serves(service));
  EXPECT_TRUE(Serves(""));
  health_.SetEvaluations(true);
  EXPECT_TRUE(Serves(service));
}

TEST_F(ModelHealthTest, ResidentModelsServeFromTheStart) {
  health_.Attach(server_.get());
  EXPECT_TRUE(Serves("resident"));
  EXPECT_FALSE(Serves("other"));
}

TEST_F(ModelHealthTest, ModelWithAnOpenBreakerDoesNotServe) {
  health_.Attach(server_.get());
  auto permit = breakers_.Admit("resident");
  ASSERT_TRUE(permit.ok());
  permit->Fail(absl::InternalError("broken"));
  health_.Update("resident");
  EXPECT_FALSE(Serves("resident"));
  breakers_.Reset("resident");
  health_.Update("resident");
  EXPECT_TRUE(Serves("resident"));
}

TEST_F(ModelHealthTest, UpdatesBeforeAttachAndAfterDetachDoNothing) {
  health_.Update("resident");
  health_.Attach(server_.get());
  health_.Detach();
  server_ = nullptr;
  health_.Update("resident");
}

}  // namespace
}  // namespace assay::server
