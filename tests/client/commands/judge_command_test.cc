// assay judge, against a scripted server.
#include <string>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class JudgeCommandTest : public ::testing::Test {
 protected:
  JudgeCommandTest() {
    daemon_.judging.progress.set_finished(1);
    daemon_.judging.progress.set_total(2);
    v1::JudgingSummary& summary = daemon_.judging.summary;
    v1::JudgedPair* pair = summary.add_pairs();
    pair->set_judge("gpt");
    pair->set_first("a");
    pair->set_second("b");
    pair->set_wins(5);
    pair->set_ties(3);
    pair->set_prompts(8);
    pair->set_share(0.8125);
    pair->set_p_value(0.0625);
    v1::JudgeRecord* judge = summary.add_judges();
    judge->set_judge("gpt");
    judge->set_version("endpoint/https://x/v1/m");
    judge->set_judgments(8);
    judge->set_position_bias(0.25);
    judge->set_cost_complete(true);
    summary.add_warnings("the judge is partial");
    summary.set_asked(16);
  }

  FakeDaemon daemon_;
};

TEST_F(JudgeCommandTest, SendsTheOptionsAndPrintsTheSummary) {
  const CliResult result =
      daemon_.Run({"judge", "ev-1", "--judge", "gpt", "--judge", "local", "--candidate", "a",
                   "--candidate", "b", "--baseline", "a", "--limit", "7"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  const v1::JudgeEvaluationRequest& request = daemon_.judging.request;
  EXPECT_EQ(request.evaluation_id(), "ev-1");
  EXPECT_THAT(request.judges(), ElementsAre("gpt", "local"));
  EXPECT_THAT(request.candidates(), ElementsAre("a", "b"));
  EXPECT_EQ(request.baseline(), "a");
  EXPECT_EQ(request.limit(), 7);
  EXPECT_THAT(result.out, HasSubstr("0.81 ("));
  EXPECT_THAT(result.out, HasSubstr("0.0625"));
  EXPECT_THAT(result.out, HasSubstr("questions: 16 sent, 0 answered from the store"));
  EXPECT_THAT(result.out, HasSubstr("warning: the judge is partial"));
}

TEST_F(JudgeCommandTest, JsonHasALinePerEvent) {
  const CliResult result = daemon_.Run({"--json", "judge", "ev-1"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("{\"progress\":{\"finished\":1,\"total\":2"));
  EXPECT_THAT(result.out, HasSubstr("{\"summary\":{"));
}

TEST_F(JudgeCommandTest, FailsIfNoJudgeDecided) {
  daemon_.judging.summary.mutable_judges(0)->set_judgments(0);
  EXPECT_EQ(daemon_.Run({"judge", "ev-1"}).code, kExitFailed);
}

}  // namespace
}  // namespace assay::client
