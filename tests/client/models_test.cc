// assay models, load and unload, against a scripted server.
#include "client/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/fake_daemon.h"

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

TEST_F(ModelsTest, TableHasARowAModel) {
  const CliResult result = daemon_.Run({"models"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("tiny *  ready   cpu"));
  EXPECT_THAT(result.out, HasSubstr("134.5M  1.5 MiB       0\n"));
  EXPECT_THAT(result.out, HasSubstr("broken  failed  -"));
}

TEST_F(ModelsTest, DetailsSayWhyAModelFailed) {
  const CliResult result = daemon_.Run({"models", "broken"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("truncated[31m file"));
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
