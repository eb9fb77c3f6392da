// assay health, against gRPC's own health service.
#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;

class HealthTest : public ::testing::Test {
 protected:
  FakeDaemon daemon_;
};

TEST_F(HealthTest, ServingServerExitsWithZero) {
  const CliResult result = daemon_.Run({"health"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(result.out, "serving\n");
}

TEST_F(HealthTest, ServerThatDoesNotServeExitsWithOne) {
  daemon_.SetServing("", false);
  const CliResult result = daemon_.Run({"health"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_EQ(result.out, "not serving\n");
}

TEST_F(HealthTest, ModelHasItsOwnStatus) {
  daemon_.SetServing("resident", true);
  daemon_.SetServing("cold", false);
  EXPECT_EQ(daemon_.Run({"health", "resident"}).code, kExitOk);
  EXPECT_EQ(daemon_.Run({"health", "cold"}).code, kExitFailed);
}

TEST_F(HealthTest, UnknownModelIsNotFound) {
  const CliResult result = daemon_.Run({"health", "nope"});
  EXPECT_EQ(result.code, kExitNotFound);
  EXPECT_THAT(result.err, HasSubstr("assay: NOT_FOUND: no model \"nope\""));
  EXPECT_EQ(result.out, "");
}

TEST_F(HealthTest, JsonIsTheReplyOfTheProtocol) {
  daemon_.SetServing("cold", false);
  EXPECT_EQ(daemon_.Run({"--json", "health"}).out, "{\"status\":\"SERVING\"}\n");
  const CliResult cold = daemon_.Run({"--json", "health", "cold"});
  EXPECT_EQ(cold.out, "{\"status\":\"NOT_SERVING\"}\n");
  EXPECT_EQ(cold.code, kExitFailed);
}

TEST_F(HealthTest, UnreachableServerExitsWithThree) {
  const CliResult result =
      RunWords({"--address", "127.0.0.1:1", "--timeout", "1", "health"}, daemon_.interrupt);
  EXPECT_EQ(result.code, kExitUnreachable);
  EXPECT_THAT(result.err, HasSubstr("assay: UNREACHABLE: "));
}

}  // namespace
}  // namespace assay::client
