// assay mlflow, against a scripted server.
#include <string>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void AddEntry(v1::Outbox* outbox) {
  outbox->set_depth(outbox->depth() + 1);
  outbox->mutable_oldest_age()->set_seconds(65);
  v1::OutboxEntry* const entry = outbox->add_entries();
  entry->set_evaluation_id("ev-1");
  entry->set_run_name("business_test_a");
  entry->set_attempts(3);
  entry->set_last_error("MLflow\nanswered 503");
}

TEST(MlflowCommandTest, StatusShowsWhatWaitsAndWhy) {
  FakeDaemon daemon;
  v1::GetTrackingStatusResponse& status = daemon.tracking.state;
  status.set_enabled(true);
  status.set_tracking_uri("http://mlflow:5000");
  status.set_experiment("assay");
  status.set_error("no connection");
  status.set_uploads_ok(4);
  status.set_uploads_failed(3);
  AddEntry(status.mutable_outbox());
  status.mutable_outbox()->set_depth(30);
  const CliResult result = daemon.Run({"mlflow", "status"});
  EXPECT_EQ(result.code, kExitFailed) << result.err;
  EXPECT_THAT(result.out, HasSubstr("http://mlflow:5000 does not answer\n"));
  EXPECT_THAT(result.out, HasSubstr("Error: no connection\n"));
  EXPECT_THAT(result.out, HasSubstr("4 runs uploaded, 3 failed attempts\n"));
  EXPECT_THAT(result.out, HasSubstr("30 runs wait for upload, the oldest for 1m 05s.\n"));
  EXPECT_THAT(result.out, HasSubstr("MLflow answered 503"));
  EXPECT_THAT(result.out, HasSubstr("... and 29 more\n"));
}

TEST(MlflowCommandTest, StatusOfAnEmptyOutboxSucceeds) {
  FakeDaemon daemon;
  v1::GetTrackingStatusResponse& status = daemon.tracking.state;
  status.set_enabled(true);
  status.set_answers(true);
  status.set_experiment("assay");
  status.set_experiment_id("7");
  const CliResult result = daemon.Run({"mlflow", "status"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("assay (id 7)\n"));
  EXPECT_THAT(result.out, HasSubstr("The outbox is empty.\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("Error")));
}

TEST(MlflowCommandTest, FlushSendsTheWaitAndFailsIfRunsAreLeft) {
  FakeDaemon daemon;
  daemon.tracking.flushed.set_uploaded(2);
  CliResult result = daemon.Run({"mlflow", "flush", "--wait", "2.5"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(result.out, "2 runs uploaded. The outbox is empty.\n");
  EXPECT_EQ(daemon.tracking.request.wait().seconds(), 2);
  EXPECT_EQ(daemon.tracking.request.wait().nanos(), 500'000'000);
  AddEntry(daemon.tracking.flushed.mutable_left());
  result = daemon.Run({"mlflow", "flush"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_THAT(result.out, HasSubstr("1 run waits for upload"));
  EXPECT_EQ(daemon.Run({"mlflow", "flush", "--wait", "601"}).code, kExitUsage);
  EXPECT_EQ(daemon.Run({"mlflow"}).code, kExitUsage);
}

}  // namespace
}  // namespace assay::client
