// assay inspect, against a scripted server.
#include <cstdint>
#include <filesystem>
#include <string>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InspectTest : public ::testing::Test {
 protected:
  InspectTest() {
    v1::ModelInspection& model = daemon_.models.inspection;
    model.set_name("BLOOM\x1b[31m");
    model.set_architecture("bloom");
    model.set_parameter_count(559214592);
    model.set_context_length(2048);
    model.set_chat_template("no (a base model: prompts go to it as they are)");
    v1::StoredType* type = model.add_types();
    type->set_type("F16");
    type->set_tensors(293);
    type->set_bytes(3 << 20);
    v1::DeviceNeed* need = model.add_devices();
    need->set_device("cpu");
    need->set_dtype("float32");
    need->set_weight_bytes(int64_t{2} << 30);
    need->set_kv_cache_bytes(int64_t{1} << 30);
    need->set_device_bytes(int64_t{2} << 30);
    model.set_memory_budget_bytes(int64_t{4} << 30);
    model.set_memory_free_bytes(int64_t{1} << 30);
  }
  void SetFits(bool fits, bool now) {
    daemon_.models.inspection.mutable_devices(0)->set_fits(fits);
    daemon_.models.inspection.mutable_devices(0)->set_fits_now(now);
  }

  FakeDaemon daemon_;
};

TEST_F(InspectTest, ShowsPropertiesAndThatTheModelDoesNotFit) {
  const CliResult result = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(result.code, kExitCannotLoad);
  EXPECT_THAT(result.err, HasSubstr("cpu of the server does not have the memory for it"));
  EXPECT_THAT(result.out, HasSubstr("memory_budget of all models 4.00 GiB, 1.00 GiB free now\n"));
  EXPECT_EQ(daemon_.models.inspected.id(), "bloom");
  EXPECT_THAT(result.out, HasSubstr("BLOOM[31m"));
  EXPECT_THAT(result.out, HasSubstr("559.2M (559214592)"));
  EXPECT_THAT(result.out, HasSubstr("no (a base model"));
  EXPECT_THAT(result.out, Not(HasSubstr("warning")));
  EXPECT_THAT(result.out, HasSubstr("F16"));
  EXPECT_THAT(result.out, ::testing::ContainsRegex("cpu +float32 +2.00 GiB +1.00 GiB .*no\n"));
}

// The model fits the CPU, but a load would use the first device.
TEST_F(InspectTest, OnlyTheDeviceOfTheLoadMatters) {
  v1::DeviceNeed* cpu = daemon_.models.inspection.add_devices();
  *cpu = daemon_.models.inspection.devices(0);
  cpu->set_fits(true);
  daemon_.models.inspection.mutable_devices(0)->set_device("cuda:0");
  const CliResult result = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(result.code, kExitCannotLoad);
  EXPECT_THAT(result.err, HasSubstr("cuda:0 of the server does not have the memory for it"));
}

TEST_F(InspectTest, FitsAtOnceOrAfterEviction) {
  SetFits(true, true);
  const CliResult at_once = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(at_once.code, kExitOk) << at_once.err;
  EXPECT_THAT(at_once.out, HasSubstr("yes\n"));
  SetFits(true, false);
  const CliResult evicting = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(evicting.code, kExitOk) << evicting.err;
  EXPECT_THAT(evicting.out, HasSubstr("after eviction\n"));
}

TEST_F(InspectTest, ModelThatCannotBeLoadedHasAReasonAndAnExitCode) {
  SetFits(true, true);
  daemon_.models.inspection.set_cannot_load("tensor 'a' is stored as IQ2_XXS\x1b[2J");
  daemon_.models.inspection.mutable_types(0)->set_unread(true);
  const CliResult result = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(result.code, kExitCannotLoad);
  EXPECT_THAT(result.err, HasSubstr("cannot be loaded: tensor 'a' is stored as IQ2_XXS[2J"));
  EXPECT_THAT(result.out, HasSubstr("F16 (not supported)"));
  EXPECT_EQ(daemon_.Run({"--json", "inspect", "bloom"}).code, kExitCannotLoad);
}

TEST_F(InspectTest, HintForAMissingFileDoesNotMentionModels) {
  daemon_.models.inspect_status = grpc::Status(grpc::StatusCode::NOT_FOUND, "/x.gguf: no such");
  const CliResult file = daemon_.Run({"inspect", "/x.gguf"});
  EXPECT_EQ(file.code, kExitNotFound);
  EXPECT_THAT(file.err, Not(HasSubstr("assay models")));
  EXPECT_THAT(daemon_.Run({"inspect", "x"}).err, HasSubstr("assay models"));
}

TEST_F(InspectTest, PathIsSentAsAnAbsolutePath) {
  SetFits(true, true);
  for (const std::string path : {"models/bloom", "./bloom.gguf", "bloom.gguf"}) {
    EXPECT_EQ(daemon_.Run({"inspect", path}).code, kExitOk);
    EXPECT_EQ(daemon_.models.inspected.path(), std::filesystem::absolute(path).string());
    EXPECT_EQ(daemon_.models.inspected.id(), "");
  }
}

TEST_F(InspectTest, JsonHasBytesAndAnUnknownModelIsNotFound) {
  const CliResult result = daemon_.Run({"--json", "inspect", "bloom"});
  EXPECT_EQ(nlohmann::json::parse(result.out)["devices"][0]["weightBytes"], "2147483648");
  EXPECT_EQ(daemon_.Run({"inspect", "nope"}).code, kExitNotFound);
}

TEST_F(InspectTest, ShowsWarnings) {
  SetFits(true, true);
  daemon_.models.inspection.add_warnings("lm_head.weight differs");
  const CliResult result = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, ::testing::ContainsRegex("warning +lm_head.weight differs"));
}

}  // namespace
}  // namespace assay::client
