// Embed of a real daemon with the real all-MiniLM-L6-v2.
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "assay/v1/embedding.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/daemon_fixture.h"

namespace assay {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class EmbeddingDaemonTest : public DaemonTest {
 protected:
  void SetUp() override {
    DaemonTest::SetUp();
    if (IsSkipped()) return;
    encoder_ = std::filesystem::absolute("var/models/all-minilm-l6-v2").string();
    if (!std::filesystem::exists(encoder_ + "/model.safetensors")) {
      GTEST_SKIP() << "no " << encoder_ << "; run `make setup`";
    }
    Start(absl::StrCat("  - { id: minilm, source: { file: '", encoder_, "' } }\n"));
    stub_ = v1::EmbeddingService::NewStub(
        grpc::CreateChannel(daemon_->address(), grpc::InsecureChannelCredentials()));
  }

  grpc::Status Embed(const std::vector<std::string>& texts, v1::EmbedResponse* reply,
                     const std::string& model = "minilm") {
    v1::EmbedRequest request;
    request.set_model(model);
    for (const std::string& text : texts) request.add_input(text);
    grpc::ClientContext context;
    return stub_->Embed(&context, request, reply);
  }

  static double Dot(const v1::TextEmbedding& a, const v1::TextEmbedding& b) {
    double sum = 0;
    for (int i = 0; i < a.vector_size(); ++i) sum += static_cast<double>(a.vector(i)) * b.vector(i);
    return sum;
  }

  std::string encoder_;
  std::unique_ptr<v1::EmbeddingService::Stub> stub_;
};

TEST_F(EmbeddingDaemonTest, EncoderIsServedLikeOtherModels) {
  v1::EmbedResponse reply;
  std::string words;
  for (int i = 0; i < 1000; ++i) words += "word ";
  const grpc::Status status =
      Embed({"The cat sleeps.", "A cat is taking a nap.", "Interest rates rise.", words}, &reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.dimension(), 384);
  EXPECT_EQ(reply.model(), "minilm");
  EXPECT_THAT(reply.revision(), HasSubstr("sha256:"));
  ASSERT_EQ(reply.embeddings_size(), 4);
  EXPECT_NEAR(Dot(reply.embeddings(0), reply.embeddings(0)), 1, 1e-5);
  EXPECT_GT(Dot(reply.embeddings(0), reply.embeddings(1)),
            Dot(reply.embeddings(0), reply.embeddings(2)) + 0.3);
  EXPECT_FALSE(reply.embeddings(0).truncated());
  EXPECT_TRUE(reply.embeddings(3).truncated());
  EXPECT_EQ(reply.embeddings(3).tokens(), 256);
  EXPECT_GT(reply.timings().computation_ms(), 0);
  EXPECT_GE(reply.timings().total_ms(), reply.timings().computation_ms());

  EXPECT_EQ(StateOf("minilm"), v1::MODEL_STATE_READY);
  grpc::ClientContext get;
  v1::GetModelRequest id;
  id.set_id("minilm");
  v1::Model model;
  ASSERT_TRUE(models_->GetModel(&get, id, &model).ok());
  EXPECT_EQ(model.details().embedding_dimension(), 384);
  EXPECT_THAT(model.details().embedding(), HasSubstr("mean pooling"));
  EXPECT_GT(model.details().resident_bytes(), int64_t{80} << 20);
  EXPECT_THAT(daemon_->Log(), HasSubstr("assay.v1.EmbeddingService/Embed"));

  grpc::ClientContext inspect;
  v1::InspectModelRequest target;
  target.set_id("minilm");
  v1::ModelInspection inspection;
  ASSERT_TRUE(models_->InspectModel(&inspect, target, &inspection).ok());
  EXPECT_EQ(inspection.embedding_dimension(), 384);
  EXPECT_EQ(inspection.cannot_load(), "");

  grpc::ClientContext unload;
  v1::UnloadModelRequest unload_id;
  unload_id.set_id("minilm");
  v1::UnloadModelResponse unloaded;
  EXPECT_TRUE(models_->UnloadModel(&unload, unload_id, &unloaded).ok());
  EXPECT_GT(unloaded.freed_bytes(), int64_t{80} << 20);
}

TEST_F(EmbeddingDaemonTest, ModelsOfTheOtherKindAreRefused) {
  v1::EmbedResponse reply;
  const grpc::Status generates = Embed({"a"}, &reply, "small");
  EXPECT_EQ(generates.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(generates.error_message(), AllOf(HasSubstr("'small'"), HasSubstr("no encoder")));
  EXPECT_NE(StateOf("small"), v1::MODEL_STATE_READY);
  v1::GenerateRequest request = Request();
  request.set_model("minilm");
  const grpc::Status encodes = Generate(request);
  EXPECT_EQ(encodes.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(encodes.error_message(), AllOf(HasSubstr("'minilm'"), HasSubstr("Embed")));
  EXPECT_NE(StateOf("minilm"), v1::MODEL_STATE_READY);
  EXPECT_EQ(Embed({"a"}, &reply, "none").error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace assay
