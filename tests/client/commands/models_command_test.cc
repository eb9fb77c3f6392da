// assay models and unload, against a scripted server.
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

TEST_F(ModelsTest, TableHasARowPerModel) {
  const CliResult result = daemon_.Run({"models"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("tiny *  ready   cpu"));
  EXPECT_THAT(result.out, HasSubstr("134.5M  1.5 MiB       0\n"));
  EXPECT_THAT(result.out, HasSubstr("broken  failed  -"));
}

TEST_F(ModelsTest, BuiltInModelsAreListedOnlyOnRequest) {
  v1::Model built_in;
  built_in.set_id("bloom_560m");
  built_in.set_state(v1::MODEL_STATE_NEW);
  built_in.set_built_in(true);
  built_in.set_licence("rail");
  built_in.set_download_bytes(3 << 19);
  daemon_.models.models.push_back(built_in);
  const CliResult own = daemon_.Run({"models"});
  EXPECT_THAT(own.out, Not(HasSubstr("bloom_560m")));
  EXPECT_THAT(own.out, HasSubstr("built-in models not shown: 1 (see `assay models --all`)\n"));
  const CliResult all = daemon_.Run({"models", "--all"});
  EXPECT_THAT(all.out, ::testing::ContainsRegex("bloom_560m +no +.*rail.*~1.5 MiB +>1.5 MiB\n"));
  EXPECT_THAT(all.out, Not(HasSubstr("not shown")));
}

TEST_F(ModelsTest, DetailsHaveTheReasonOfAFailure) {
  const CliResult result = daemon_.Run({"models", "broken"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("truncated[31m file"));
}

TEST_F(ModelsTest, OpenBreakerIsShownInTheTableAndExplained) {
  v1::Breaker& breaker = *daemon_.models.models[1].mutable_breaker();
  breaker.set_state(v1::BREAKER_STATE_OPEN);
  breaker.set_failures(5);
  breaker.set_last_error("DATA_LOSS (truncated\x1b[31m)");
  breaker.set_retry_in_seconds(9.25);
  EXPECT_THAT(daemon_.Run({"models"}).out, HasSubstr("failed, breaker open"));
  EXPECT_THAT(daemon_.Run({"models", "broken"}).out,
              HasSubstr("open after 5 failures in a row, the last: DATA_LOSS (truncated[31m); next "
                        "try in 9.2 s"));
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

TEST_F(ModelsTest, UnloadPrintsTheFreedBytes) {
  EXPECT_THAT(daemon_.Run({"unload", "tiny"}).out, HasSubstr("3.0 MiB freed"));
}

}  // namespace
}  // namespace assay::client
