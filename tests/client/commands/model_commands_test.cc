// assay models, load and unload, against a scripted server.
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

class ModelsTest : public ::testing::Test {
 protected:
  ModelsTest() {
    v1::Model ready;
    ready.set_id("tiny");
    ready.set_state(v1::MODEL_STATE_READY);
    ready.set_is_default(true);
    ready.add_content_types("linkedin");
    ready.mutable_details()->set_device("cpu");
    ready.mutable_details()->set_parameter_count(134515008);
    ready.mutable_details()->set_resident_bytes(3 << 19);
    v1::Model broken;
    broken.set_id("broken");
    broken.set_state(v1::MODEL_STATE_FAILED);
    broken.set_state_reason("truncated\x1b[31m file");
    daemon_.models.models = {ready, broken};
  }

  FakeDaemon daemon_;
};

class InspectTest : public ModelsTest {
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
};

TEST_F(InspectTest, SaysWhatItIsAndThatItDoesNotFit) {
  const CliResult result = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(result.code, kExitCannotLoad);
  EXPECT_THAT(result.err, HasSubstr("cpu of the server does not have the memory for it"));
  EXPECT_THAT(result.out, HasSubstr("memory_budget of all models 4.00 GiB, 1.00 GiB free now\n"));
  EXPECT_EQ(daemon_.models.inspected.id(), "bloom");
  EXPECT_THAT(result.out, HasSubstr("BLOOM[31m"));
  EXPECT_THAT(result.out, HasSubstr("559.2M (559214592)"));
  EXPECT_THAT(result.out, HasSubstr("no (a base model"));
  EXPECT_THAT(result.out, HasSubstr("F16"));
  EXPECT_THAT(result.out, ::testing::ContainsRegex("cpu +float32 +2.00 GiB +1.00 GiB .*no\n"));
}

// It was said to load, as it fits the CPU.
TEST_F(InspectTest, TheDeviceOfTheLoadIsJudgedAndNoOther) {
  v1::DeviceNeed* cpu = daemon_.models.inspection.add_devices();
  *cpu = daemon_.models.inspection.devices(0);
  cpu->set_fits(true);
  daemon_.models.inspection.mutable_devices(0)->set_device("cuda:0");
  const CliResult result = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(result.code, kExitCannotLoad);
  EXPECT_THAT(result.err, HasSubstr("cuda:0 of the server does not have the memory for it"));
}

TEST_F(InspectTest, FitsBesideTheOthersOrInTheirPlace) {
  SetFits(true, true);
  const CliResult beside = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(beside.code, kExitOk) << beside.err;
  EXPECT_THAT(beside.out, HasSubstr("yes\n"));
  SetFits(true, false);
  const CliResult instead = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(instead.code, kExitOk) << instead.err;
  EXPECT_THAT(instead.out, HasSubstr("if others give way\n"));
}

TEST_F(InspectTest, ModelThatCannotBeLoadedHasItsReasonAndAnExitCode) {
  SetFits(true, true);
  daemon_.models.inspection.set_cannot_load("tensor 'a' is stored as IQ2_XXS\x1b[2J");
  daemon_.models.inspection.mutable_types(0)->set_unread(true);
  const CliResult result = daemon_.Run({"inspect", "bloom"});
  EXPECT_EQ(result.code, kExitCannotLoad);
  EXPECT_THAT(result.err, HasSubstr("cannot be loaded: tensor 'a' is stored as IQ2_XXS[2J"));
  EXPECT_THAT(result.out, HasSubstr("F16 (not read)"));
  EXPECT_EQ(daemon_.Run({"--json", "inspect", "bloom"}).code, kExitCannotLoad);
}

TEST_F(InspectTest, MissingFileIsNoUnknownModel) {
  daemon_.models.inspect_status = grpc::Status(grpc::StatusCode::NOT_FOUND, "/x.gguf: no such");
  const CliResult file = daemon_.Run({"inspect", "/x.gguf"});
  EXPECT_EQ(file.code, kExitNotFound);
  EXPECT_THAT(file.err, Not(HasSubstr("assay models")));
  EXPECT_THAT(daemon_.Run({"inspect", "x"}).err, HasSubstr("assay models"));
}

TEST_F(InspectTest, APathGoesToTheServerAbsolute) {
  SetFits(true, true);
  for (const std::string path : {"models/bloom", "./bloom.gguf", "bloom.gguf"}) {
    EXPECT_EQ(daemon_.Run({"inspect", path}).code, kExitOk);
    EXPECT_EQ(daemon_.models.inspected.path(), std::filesystem::absolute(path).string());
    EXPECT_EQ(daemon_.models.inspected.id(), "");
  }
}

TEST_F(InspectTest, JsonAndUnknownModel) {
  const CliResult result = daemon_.Run({"--json", "inspect", "bloom"});
  EXPECT_EQ(nlohmann::json::parse(result.out)["devices"][0]["weightBytes"], "2147483648");
  EXPECT_EQ(daemon_.Run({"inspect", "nope"}).code, kExitNotFound);
}

TEST_F(ModelsTest, TableHasARowAModel) {
  const CliResult result = daemon_.Run({"models"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("tiny *  ready   cpu"));
  EXPECT_THAT(result.out, HasSubstr("134.5M  1.5 MiB       0\n"));
  EXPECT_THAT(result.out, HasSubstr("broken  failed  -"));
}

TEST_F(ModelsTest, BuiltInModelsStandApart) {
  v1::Model built_in;
  built_in.set_id("bloom_560m");
  built_in.set_state(v1::MODEL_STATE_NEW);
  built_in.set_built_in(true);
  built_in.set_licence("rail");
  built_in.set_download_bytes(3 << 19);
  daemon_.models.models.push_back(built_in);
  const CliResult own = daemon_.Run({"models"});
  EXPECT_THAT(own.out, Not(HasSubstr("bloom_560m")));
  EXPECT_THAT(own.out, HasSubstr("and 1 that come with Assay: assay models --all\n"));
  const CliResult all = daemon_.Run({"models", "--all"});
  EXPECT_THAT(all.out, ::testing::ContainsRegex("bloom_560m +no +.*rail.*~1.5 MiB +>1.5 MiB\n"));
  EXPECT_THAT(all.out, Not(HasSubstr("that come with Assay")));
}

TEST_F(ModelsTest, DetailsSayWhyAModelFailed) {
  const CliResult result = daemon_.Run({"models", "broken"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("truncated[31m file"));
}

TEST_F(ModelsTest, AnOpenBreakerIsSeenInTheTableAndExplained) {
  v1::Breaker& breaker = *daemon_.models.models[1].mutable_breaker();
  breaker.set_state(v1::BREAKER_STATE_OPEN);
  breaker.set_failures(5);
  breaker.set_last_error("DATA_LOSS (truncated\x1b[31m)");
  breaker.set_retry_in_seconds(9.25);
  EXPECT_THAT(daemon_.Run({"models"}).out, HasSubstr("failed, breaker open"));
  EXPECT_THAT(
      daemon_.Run({"models", "broken"}).out,
      HasSubstr("open after 5 failures in a row, the last: DATA_LOSS (truncated[31m); tried "
                "again in 9.2 s"));
  breaker.set_state(v1::BREAKER_STATE_CLOSED);
  breaker.set_failures(0);
  EXPECT_THAT(daemon_.Run({"models"}).out, Not(HasSubstr("breaker")));
  EXPECT_THAT(daemon_.Run({"models", "broken"}).out, Not(HasSubstr("breaker")));
}

TEST_F(ModelsTest, UnknownModelIsNotFound) {
  for (const char* command : {"models", "load", "unload"}) {
    const CliResult result = daemon_.Run({command, "nope"});
    EXPECT_EQ(result.code, kExitNotFound) << command;
    EXPECT_THAT(result.err, HasSubstr("assay: NOT_FOUND: no \"nope\""));
  }
}

TEST_F(ModelsTest, JsonIsOneLine) {
  const CliResult result = daemon_.Run({"--json", "models"});
  const nlohmann::json reply = nlohmann::json::parse(result.out);
  EXPECT_EQ(reply["models"][0]["contentTypes"][0], "linkedin");
  EXPECT_EQ(reply["models"][1]["state"], "MODEL_STATE_FAILED");
  EXPECT_FALSE(reply["models"][1].contains("isDefault"));
  EXPECT_EQ(result.out.find('\n'), result.out.size() - 1);
}

TEST_F(ModelsTest, LoadOnATerminalShowsABarAndRemovesIt) {
  const CliResult result = daemon_.Run({"load", "tiny"}, {.err_is_terminal = true});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.err, HasSubstr("[###############...............]  50% weights"));
  EXPECT_TRUE(result.err.ends_with("\r\x1b[2K"));
  EXPECT_THAT(result.out, HasSubstr("ready"));
}

TEST_F(ModelsTest, LoadOffATerminalNamesItsStages) {
  EXPECT_EQ(daemon_.Run({"load", "tiny"}).err, "loading tiny: weights\n");
}

TEST_F(ModelsTest, UnloadSaysWhatItFreed) {
  EXPECT_THAT(daemon_.Run({"unload", "tiny"}).out, HasSubstr("3.0 MiB freed"));
}

}  // namespace
}  // namespace assay::client
