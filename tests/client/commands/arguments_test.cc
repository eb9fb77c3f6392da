// The command line: help, usage errors, and the position of global flags.
#include "client/commands/arguments.h"

#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ArgumentsTest : public ::testing::Test {
 protected:
  ArgumentsTest() { unsetenv("ASSAY_ADDRESS"); }
  ~ArgumentsTest() override { unsetenv("ASSAY_ADDRESS"); }

  std::optional<int> Parse(const std::vector<std::string>& words) {
    arguments_ = Arguments();
    out_.str("");
    err_.str("");
    std::istringstream in;
    Streams streams{.in = in, .out = out_, .err = err_};
    return ParseArguments(words, streams, arguments_);
  }

  Arguments arguments_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ArgumentsTest, HelpHasExitCodesAndExamples) {
  EXPECT_EQ(Parse({"--help"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("130  interrupted"));
  for (const char* command : {"generate", "evaluate", "evaluations", "models", "load", "unload",
                              "pull", "reload", "inspect", "health", "routes"}) {
    EXPECT_EQ(Parse({command, "--help"}), kExitOk);
    EXPECT_THAT(out_.str(), HasSubstr("Examples:")) << command;
  }
}

TEST_F(ArgumentsTest, VersionGoesToOut) {
  EXPECT_EQ(Parse({"--version"}), kExitOk);
  EXPECT_THAT(out_.str(), StartsWith("assay "));
}

TEST_F(ArgumentsTest, BadWordsAreUsageErrorsOnOneLine) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"fly"},
      {"generate"},
      {"generate", "a", "b"},
      {"generate", "a", "-f", "b"},
      {"generate", "a", "--raw", "--system", "s"},
      {"generate", "a", "--top-k", "many"},
      {"generate", "a", "--max-new-tokens", "-1"},
      {"evaluate", "--repeats", "0"},
      {"evaluations"},
      {"evaluations", "get"},
      {"evaluations", "list", "--limit", "1001"},
      {"load"},
      {"--timeout", "-1", "models"},
  };
  for (const std::vector<std::string>& words : cases) {
    EXPECT_EQ(Parse(words), kExitUsage) << ::testing::PrintToString(words);
    EXPECT_THAT(err_.str(), StartsWith("assay: INVALID_ARGUMENT: "));
    EXPECT_EQ(err_.str().find('\n'), err_.str().size() - 1) << err_.str();
  }
}

TEST_F(ArgumentsTest, UnknownCommandIsNamedWithTheNearestOne) {
  const auto error = [this](const std::vector<std::string>& words) {
    EXPECT_EQ(Parse(words), kExitUsage);
    return err_.str();
  };
  EXPECT_EQ(error({"lod", "tiny"}),
            "assay: INVALID_ARGUMENT: unknown command 'lod'; did you mean 'load'? (see `assay "
            "--help`)\n");
  EXPECT_EQ(error({"evaluations", "lst"}),
            "assay: INVALID_ARGUMENT: unknown command 'lst'; did you mean 'list'? (see `assay "
            "evaluations --help`)\n");
  EXPECT_THAT(error({"routes", "explian"}), HasSubstr("did you mean 'explain'?"));
  EXPECT_THAT(error({"--json", "modles"}), HasSubstr("'modles'; did you mean 'models'?"));
  EXPECT_THAT(error({"fly"}), HasSubstr("unknown command 'fly'; the commands are generate, "));
}

TEST_F(ArgumentsTest, CommandsOfSimilarToolsAreRedirected) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"run", "--top-p", "1", "hello"}, "'run'; did you mean 'generate'?"},
      {{"chat"}, "'chat'; did you mean 'generate'?"},
      {{"ps"}, "'ps'; did you mean 'models'?"},
      {{"stop", "tiny"}, "'stop'; did you mean 'unload'?"},
      {{"evaluations", "stop", "e1"}, "'stop'; did you mean 'cancel'?"},
      {{"serve"}, "'serve'; the server is `assayd`"},
  };
  for (const auto& [words, message] : cases) {
    EXPECT_EQ(Parse(words), kExitUsage);
    EXPECT_THAT(err_.str(), HasSubstr(message));
  }
}

TEST_F(ArgumentsTest, MissingCommandListsTheCommands) {
  EXPECT_EQ(Parse({}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("a command is required: generate, embed, score, evaluate, "));
  EXPECT_EQ(Parse({"evaluations"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("a command is required: list, get, "));
}

TEST_F(ArgumentsTest, GlobalFlagsMayPrecedeOrFollowTheCommand) {
  ASSERT_EQ(Parse({"--json", "--address", "h:1", "--timeout", "2.5", "models"}), std::nullopt);
  EXPECT_TRUE(arguments_.json);
  EXPECT_EQ(arguments_.channel.address, "h:1");
  EXPECT_DOUBLE_EQ(arguments_.timeout_seconds, 2.5);
  ASSERT_EQ(Parse({"evaluations", "get", "id1", "--json", "--address", "h:2"}), std::nullopt);
  EXPECT_TRUE(arguments_.json);
  EXPECT_EQ(arguments_.channel.address, "h:2");
  EXPECT_EQ(arguments_.command, Command::kGetEvaluation);
  EXPECT_EQ(arguments_.id, "id1");
}

TEST_F(ArgumentsTest, AddressComesFromTheEnvironmentUnlessGiven) {
  ASSERT_EQ(Parse({"models"}), std::nullopt);
  EXPECT_EQ(arguments_.channel.address, "127.0.0.1:50051");
  setenv("ASSAY_ADDRESS", "env:7", 1);
  ASSERT_EQ(Parse({"models"}), std::nullopt);
  EXPECT_EQ(arguments_.channel.address, "env:7");
  ASSERT_EQ(Parse({"--address", "flag:8", "models"}), std::nullopt);
  EXPECT_EQ(arguments_.channel.address, "flag:8");
}

TEST_F(ArgumentsTest, PromptMayNameACommandOrBeginWithADash) {
  ASSERT_EQ(Parse({"generate", "load"}), std::nullopt);
  EXPECT_EQ(arguments_.command, Command::kGenerate);
  EXPECT_EQ(arguments_.generate.prompt, "load");
  ASSERT_EQ(Parse({"generate", "--", "-5 degrees"}), std::nullopt);
  EXPECT_EQ(arguments_.generate.prompt, "-5 degrees");
}

TEST_F(ArgumentsTest, RepeatedOptionsKeepTheirOrderAndLeaveThePromptAlone) {
  ASSERT_EQ(Parse({"generate", "--stop", "a", "--stop", "b", "prompt"}), std::nullopt);
  EXPECT_THAT(arguments_.generate.stop, ElementsAre("a", "b"));
  EXPECT_EQ(arguments_.generate.prompt, "prompt");
  ASSERT_EQ(Parse({"evaluate", "--model", "x", "--model", "y"}), std::nullopt);
  EXPECT_THAT(arguments_.evaluate.models, ElementsAre("x", "y"));
}

}  // namespace
}  // namespace assay::client
