// The fixture of tests that drive a real daemon with the real model through gRPC stubs.
#ifndef ASSAY_TESTS_INTEGRATION_DAEMON_FIXTURE_H_
#define ASSAY_TESTS_INTEGRATION_DAEMON_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "assay/v1/inference.grpc.pb.h"
#include "assay/v1/model.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tests/integration/daemon_process.h"

namespace assay {

// Returns an entry of models.yaml. `types` lists content types, separated by commas.
inline std::string Entry(const std::string& id, const std::string& path,
                         const std::string& types = "") {
  return absl::StrCat("  - { id: ", id, ", source: { file: '", path,
                      "' }, context_length: 512, content_types: [", types, "] }\n");
}

// Skips its tests if there is no model. Start() must be called first.
class DaemonTest : public testing::Test {
 protected:
  void SetUp() override {
    if (DaemonProcess::TestModel().empty()) {
      GTEST_SKIP() << "no model; run `make setup` or set ASSAY_TEST_MODEL";
    }
  }

  void Start(const std::string& extra_models = "", const std::string& extra_config = "") {
    absl::StatusOr<std::unique_ptr<DaemonProcess>> daemon = DaemonProcess::Start(
        {.models_yaml =
             absl::StrCat("default_model: small\nmodels:\n",
                          Entry("small", DaemonProcess::TestModel(), "linkedin"), extra_models),
         .extra_config = extra_config});
    ASSERT_TRUE(daemon.ok()) << daemon.status();
    daemon_ = *std::move(daemon);
    auto channel = grpc::CreateChannel(daemon_->address(), grpc::InsecureChannelCredentials());
    inference_ = v1::InferenceService::NewStub(channel);
    models_ = v1::ModelService::NewStub(channel);
    evaluations_ = v1::EvaluationService::NewStub(channel);
  }

  grpc::Status Generate(const v1::GenerateRequest& request) {
    grpc::ClientContext context;
    return inference_->Generate(&context, request, &response_);
  }

  grpc::Status Load(const std::string& id) {
    grpc::ClientContext context;
    v1::LoadModelRequest request;
    request.set_id(id);
    auto reader = models_->LoadModel(&context, request);
    v1::LoadModelResponse event;
    while (reader->Read(&event)) {
    }
    return reader->Finish();
  }

  v1::ModelState StateOf(const std::string& id) {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_id(id);
    v1::Model model;
    EXPECT_TRUE(models_->GetModel(&context, request, &model).ok());
    return model.state();
  }

  static v1::GenerateRequest Request(int tokens = 8) {
    v1::GenerateRequest request;
    request.set_model("small");
    request.set_prompt("Say hello.");
    request.set_max_new_tokens(tokens);
    return request;
  }

  std::unique_ptr<DaemonProcess> daemon_;
  std::unique_ptr<v1::InferenceService::Stub> inference_;
  std::unique_ptr<v1::ModelService::Stub> models_;
  std::unique_ptr<v1::EvaluationService::Stub> evaluations_;
  v1::GenerateResponse response_;
};

}  // namespace assay

#endif  // ASSAY_TESTS_INTEGRATION_DAEMON_FIXTURE_H_
