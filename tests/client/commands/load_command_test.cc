// assay load, against a scripted server.
#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;

class LoadTest : public ::testing::Test {
 protected:
  LoadTest() {
    v1::Model model;
    model.set_id("tiny");
    model.set_state(v1::MODEL_STATE_READY);
    daemon_.models.models = {model};
  }

  FakeDaemon daemon_;
};

TEST_F(LoadTest, TerminalShowsABarAndRemovesIt) {
  const CliResult result = daemon_.Run({"load", "tiny"}, {.err_is_terminal = true});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.err, HasSubstr("[###############...............]  50% weights"));
  EXPECT_TRUE(result.err.ends_with("\r\x1b[2K"));
  EXPECT_THAT(result.out, HasSubstr("ready"));
}

TEST_F(LoadTest, StagesAreLinesOffATerminal) {
  EXPECT_EQ(daemon_.Run({"load", "tiny"}).err, "loading tiny: weights\n");
}

}  // namespace
}  // namespace assay::client
