// Tests InspectModel of a real daemon.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "assay/v1/inference.grpc.pb.h"
#include "assay/v1/model.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tests/integration/daemon_fixture.h"
#include "tests/integration/daemon_process.h"

namespace assay {
namespace {

using testing::HasSubstr;

using InspectTest = DaemonTest;

// A temporary copy of a small model in which `word` is replaced by `other`, which must have the
// same length.
class PatchedModel {
 public:
  PatchedModel(const std::string& word, const std::string& other)
      : path_(absl::StrCat(testing::TempDir(), "/patched_", getpid(), ".gguf")) {
    std::ifstream file("tests/golden/runtime/tiny_tied.gguf", std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    const size_t position = bytes.find(word);
    EXPECT_NE(position, std::string::npos) << word;
    if (position != std::string::npos) bytes.replace(position, word.size(), other);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~PatchedModel() { std::filesystem::remove(path_); }
  PatchedModel(const PatchedModel&) = delete;
  PatchedModel& operator=(const PatchedModel&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

TEST_F(InspectTest, ReadsAModelThatIsNotResident) {
  Start();
  v1::InspectModelRequest request;
  request.set_id("small");
  v1::ModelInspection by_id;
  grpc::ClientContext first;
  ASSERT_TRUE(models_->InspectModel(&first, request, &by_id).ok());
  EXPECT_EQ(by_id.architecture(), "llama");
  EXPECT_EQ(by_id.parameter_count(), 134515008);
  EXPECT_EQ(by_id.chat_template(), "yes");
  ASSERT_GE(by_id.devices_size(), 1);
  EXPECT_TRUE(by_id.devices(by_id.devices_size() - 1).fits());
  EXPECT_NE(StateOf("small"), v1::MODEL_STATE_READY);
  request.set_path(DaemonProcess::TestModel());
  request.clear_id();
  v1::ModelInspection by_path;
  grpc::ClientContext second;
  ASSERT_TRUE(models_->InspectModel(&second, request, &by_path).ok());
  // The catalog entry sets its own context length.
  EXPECT_LT(by_id.served_context(), by_path.served_context());
  EXPECT_LT(by_id.devices(0).working_bytes(), by_path.devices(0).working_bytes());
  by_id.clear_served_context();
  by_id.clear_devices();
  by_path.clear_served_context();
  by_path.clear_devices();
  EXPECT_EQ(by_path.SerializeAsString(), by_id.SerializeAsString());
  request.set_path("/no/such/model.gguf");
  grpc::ClientContext third;
  const grpc::Status missing = models_->InspectModel(&third, request, &by_path);
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(missing.error_message(), HasSubstr("/no/such/model.gguf"));
}

// Regression: the call failed with "No message returned".
TEST_F(InspectTest, ReplacesInvalidUtf8InTheName) {
  const PatchedModel model("tiny", "t\xe8ny");
  Start();
  v1::InspectModelRequest request;
  request.set_path(model.path());
  v1::ModelInspection reply;
  grpc::ClientContext context;
  const grpc::Status status = models_->InspectModel(&context, request, &reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.name(), "t\xEF\xBF\xBDny");
  EXPECT_EQ(reply.cannot_load(), "");
}

// Regression: the result was computed for another number of requests than that of the load, and for
// any device.
TEST_F(InspectTest, MatchesTheLoadOfAnEntry) {
  Start(absl::StrCat("  - { id: elsewhere, device: 'cuda:63', source: { file: '",
                     DaemonProcess::TestModel(), "' } }\n"),
        "limits: { max_running: 200 }\n");
  v1::InspectModelRequest request;
  request.set_id("small");
  v1::ModelInspection small;
  grpc::ClientContext first;
  ASSERT_TRUE(models_->InspectModel(&first, request, &small).ok());
  EXPECT_EQ(small.cannot_load(), "");
  ASSERT_TRUE(Load("small").ok());
  v1::GetModelRequest get;
  get.set_id("small");
  v1::Model resident;
  grpc::ClientContext second;
  ASSERT_TRUE(models_->GetModel(&second, get, &resident).ok());
  const v1::DeviceNeed& need = small.devices(0);
  EXPECT_EQ(need.device(), resident.details().device());
  EXPECT_NEAR(
      static_cast<double>(need.weight_bytes() + need.kv_cache_bytes() + need.working_bytes()),
      static_cast<double>(resident.details().resident_bytes()), 4 << 20);
  request.set_id("elsewhere");
  v1::ModelInspection elsewhere;
  grpc::ClientContext third;
  ASSERT_TRUE(models_->InspectModel(&third, request, &elsewhere).ok());
  EXPECT_THAT(elsewhere.cannot_load(), HasSubstr("device cuda:63"));
  EXPECT_EQ(elsewhere.architecture(), "llama");
}

TEST_F(InspectTest, ReportsWhyALoadWouldFail) {
  const PatchedModel model("blk.1.ffn_down.weight", "blk.1.ffn_d\xe8wn.weight");
  Start(absl::StrCat("  - { id: broken, source: { file: '", model.path(), "' } }\n"),
        "memory_budget: 100MiB\n");
  v1::InspectModelRequest request;
  request.set_id("broken");
  v1::ModelInspection reply;
  grpc::ClientContext first;
  const grpc::Status inspected = models_->InspectModel(&first, request, &reply);
  ASSERT_TRUE(inspected.ok()) << inspected.error_message();
  EXPECT_THAT(reply.cannot_load(), HasSubstr("tensor 'blk.1.ffn_down.weight' of shape"));
  EXPECT_TRUE(reply.devices(0).fits());
  EXPECT_EQ(reply.memory_budget_bytes(), int64_t{100} << 20);
  EXPECT_EQ(reply.memory_free_bytes(), int64_t{100} << 20);
  request.set_id("small");
  v1::ModelInspection large;
  grpc::ClientContext second;
  ASSERT_TRUE(models_->InspectModel(&second, request, &large).ok());
  EXPECT_EQ(large.cannot_load(), "");
  EXPECT_FALSE(large.devices(0).fits()) << "the budget applies, not only the device's memory";
  // The error in the list of models must be valid UTF-8, too.
  v1::GenerateRequest generate = Request(1);
  generate.set_model("broken");
  EXPECT_FALSE(Generate(generate).ok());
  v1::ListModelsResponse list;
  grpc::ClientContext third;
  ASSERT_TRUE(models_->ListModels(&third, {}, &list).ok());
}

// Regression: inspections took memory that no budget counted.
TEST_F(InspectTest, IsRefusedIfTheBudgetHasNoMemoryForIt) {
  Start("", "memory_budget: 20MiB\n");
  v1::InspectModelRequest request;
  request.set_id("small");
  v1::ModelInspection reply;
  grpc::ClientContext context;
  const grpc::Status refused = models_->InspectModel(&context, request, &reply);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("an inspection may take"));
  EXPECT_THAT(refused.error_message(), HasSubstr("of the memory budget of 20971520 are free"));
}

}  // namespace
}  // namespace assay
