// assay feedback and assay ab, against a scripted server.
#include <string>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"
#include "tests/temp_folder.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;

TEST(FeedbackCommandTest, SendsEveryKind) {
  const TempFolder folder;
  FakeDaemon daemon;
  v1::Feedback* feedback = daemon.feedback.given_reply.mutable_feedback();
  feedback->set_request_id("r-1");
  feedback->set_model("a");
  feedback->set_content_type("email");
  feedback->set_edit_distance(0.25);
  daemon.feedback.given_reply.set_verdict(v1::FEEDBACK_CHANGE_REPLACED);
  daemon.feedback.given_reply.set_rating(v1::FEEDBACK_CHANGE_ADDED);
  const CliResult result =
      daemon.Run({"feedback", "r-1", "--edited", folder.Write("final.txt", "final"), "--original",
                  folder.Write("draft.txt", "draft"), "--rating", "7", "--conversion", "12.5",
                  "--comment", "ok"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(result.out, "r-1 (a, email): verdict replaced, rating added, edit distance 0.250\n");
  const v1::GiveFeedbackRequest& sent = daemon.feedback.given;
  EXPECT_EQ(sent.request_id(), "r-1");
  EXPECT_EQ(sent.verdict(), v1::FEEDBACK_VERDICT_EDITED);
  EXPECT_EQ(sent.text().original(), "draft");
  EXPECT_EQ(sent.text().final(), "final");
  EXPECT_EQ(sent.rating(), 7);
  EXPECT_EQ(sent.conversion_usd(), 12.5);
  EXPECT_EQ(sent.comment(), "ok");
}

TEST(FeedbackCommandTest, UsageErrorsDoNotReachTheServer) {
  FakeDaemon daemon;
  EXPECT_EQ(daemon.Run({"feedback"}).code, kExitUsage);
  EXPECT_EQ(daemon.Run({"feedback", "r-1", "--accepted", "--rejected"}).code, kExitUsage);
  EXPECT_EQ(daemon.Run({"feedback", "r-1", "--rating", "11"}).code, kExitUsage);
  EXPECT_EQ(daemon.Run({"feedback", "r-1", "--edited", "f"}).code, kExitUsage);
  EXPECT_EQ(daemon.Run({"feedback", "r-1", "--edited", "/none", "--original", "/none"}).code,
            kExitUsage);
  EXPECT_EQ(daemon.feedback.given.request_id(), "");
}

TEST(FeedbackCommandTest, ListAndSummaryAreTables) {
  FakeDaemon daemon;
  v1::Feedback* one = daemon.feedback.listed.add_feedback();
  one->set_request_id("r-1");
  one->set_model("a");
  one->set_verdict(v1::FEEDBACK_VERDICT_ACCEPTED);
  v1::FeedbackSummary* summary = daemon.feedback.summary.add_summaries();
  summary->set_model("a");
  summary->set_content_type("email");
  summary->set_answers(10);
  summary->set_accepted(3);
  summary->mutable_acceptance()->set_rate(0.75);
  summary->mutable_acceptance()->set_ci_low(0.301);
  summary->mutable_acceptance()->set_ci_high(0.954);
  daemon.feedback.summary.set_forgotten_answers(2);
  const CliResult list = daemon.Run({"feedback", "list", "--model", "a", "--limit", "3"});
  EXPECT_EQ(list.code, kExitOk) << list.err;
  EXPECT_THAT(list.out, HasSubstr("accepted"));
  EXPECT_EQ(daemon.feedback.list.model(), "a");
  EXPECT_EQ(daemon.feedback.list.limit(), 3);
  const CliResult table = daemon.Run({"feedback", "summary", "--content-type", "email"});
  EXPECT_THAT(table.out, HasSubstr("75.0 % (30.1..95.4)"));
  EXPECT_THAT(table.out, HasSubstr("2 answers could not be remembered"));
  const CliResult json = daemon.Run({"feedback", "summary", "--json"});
  EXPECT_THAT(json.out, HasSubstr("\"forgottenAnswers\":\"2\""));
}

TEST(AbCommandTest, ShowsArmsAndDecisions) {
  FakeDaemon daemon;
  v1::Arm* arm = daemon.feedback.arms.add_arms();
  arm->set_model("a");
  arm->set_weight(0.9);
  arm->set_answers(100);
  arm->set_acceptance_n(50);
  arm->set_acceptance(0.5);
  v1::ArmComparison* comparison = daemon.feedback.arms.add_comparisons();
  comparison->set_decision("'b' is better than 'a' by 0.1 in acceptance (0.02 to 0.18)");
  daemon.feedback.arms.add_notes("pooled");
  const CliResult result = daemon.Run({"ab", "email", "--rating-margin", "1"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("50.0 %"));
  EXPECT_THAT(result.out, HasSubstr("'b' is better than 'a' by 0.1"));
  EXPECT_THAT(result.out, HasSubstr("note: pooled"));
  EXPECT_EQ(daemon.feedback.compared.content_type(), "email");
  EXPECT_EQ(daemon.feedback.compared.rating_margin(), 1);
}

}  // namespace
}  // namespace assay::client
