// assay evaluations list, get and cancel, against a scripted server.
#include <chrono>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;

class EvaluationsTest : public ::testing::Test {
 protected:
  EvaluationsTest() {
    v1::Evaluation& stored = daemon_.evaluations.stored;
    stored.set_id("e1");
    stored.set_name("nightly");
    stored.set_state(v1::EVALUATION_STATE_SUCCEEDED);
    stored.set_finished_samples(5);
    stored.set_total_samples(5);
    v1::MlflowRun* run = stored.add_mlflow_runs();
    run->set_model("tiny");
    run->set_url("http://127.0.0.1:5000/#/experiments/1/runs/abc");
  }

  FakeDaemon daemon_;
};

TEST_F(EvaluationsTest, ListGetAndCancelPrintTheEvaluation) {
  const CliResult list = daemon_.Run({"evaluations", "list"});
  EXPECT_THAT(list.out, HasSubstr("e1  succeeded  5/5      -        nightly\n"));
  const CliResult get = daemon_.Run({"evaluations", "get", "e1"});
  EXPECT_EQ(get.code, kExitOk);
  EXPECT_THAT(get.out, HasSubstr("MLflow run of tiny: "));
  EXPECT_EQ(daemon_.Run({"evaluations", "cancel", "e1"}).out, "evaluation e1: cancelled\n");
}

TEST_F(EvaluationsTest, SamplesAreSentOnlyOnRequest) {
  daemon_.evaluations.stored.add_samples()->set_text("a post");
  const CliResult without = daemon_.Run({"--json", "evaluations", "get", "e1"});
  EXPECT_FALSE(nlohmann::json::parse(without.out).contains("samples"));
  const CliResult with = daemon_.Run({"--json", "evaluations", "get", "e1", "--samples"});
  EXPECT_EQ(nlohmann::json::parse(with.out)["samples"][0]["text"], "a post");
}

TEST_F(EvaluationsTest, UnknownEvaluationIsNotFound) {
  EXPECT_EQ(daemon_.Run({"evaluations", "get", "e2"}).code, kExitNotFound);
  EXPECT_EQ(daemon_.Run({"evaluations", "cancel", "e2"}).code, kExitNotFound);
}

class DeleteEvaluationsTest : public EvaluationsTest {
 protected:
  DeleteEvaluationsTest() {
    v1::DeleteEvaluationsResponse& reply = daemon_.control.reply;
    reply.set_deleted(1);
    reply.set_freed_bytes(3 << 20);
    reply.set_dropped_uploads(2);
    reply.set_stored_bytes(5 << 20);
    reply.set_max_stored_bytes(int64_t{4} << 30);
    v1::DeletedEvaluation* deleted = reply.add_evaluations();
    deleted->set_id("e1");
    deleted->set_name("night\x1b[2Jly");
    deleted->set_state(v1::EVALUATION_STATE_FAILED);
    deleted->set_samples(48);
    v1::KeptEvaluation* kept = reply.add_kept();
    kept->set_id("e2");
    kept->set_reason("the route of email rests on it");
  }

  const std::vector<v1::DeleteEvaluationsRequest>& requests() { return daemon_.control.requests; }
};

TEST_F(DeleteEvaluationsTest, ByNameWithoutATerminal) {
  const CliResult result = daemon_.Run({"evaluations", "delete", "e1", "e3", "--force"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(result.out,
            "left e2: the route of email rests on it\n"
            "deleted evaluation e1; 3.0 MiB given back; the store has 5.0 MiB of 4.00 GiB\n"
            "2 results that had not reached MLflow were dropped\n");
  ASSERT_EQ(requests().size(), 1U);
  EXPECT_THAT(requests()[0].ids(), ::testing::ElementsAre("e1", "e3"));
  EXPECT_TRUE(requests()[0].force());
  EXPECT_FALSE(requests()[0].dry_run());
}

TEST_F(DeleteEvaluationsTest, ByAgeDateAndState) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  daemon_.Run({"evaluations", "delete", "--before", "30d"});
  EXPECT_NEAR(requests()[0].finished_before().seconds(), now - 30 * 86'400, 60);
  EXPECT_EQ(requests()[0].state(), v1::EVALUATION_STATE_UNSPECIFIED);
  daemon_.Run({"evaluations", "delete", "--before", "2026-01-31T12:00:00Z", "--state", "failed"});
  EXPECT_EQ(requests()[1].finished_before().seconds(), 1'769'860'800);
  EXPECT_EQ(requests()[1].state(), v1::EVALUATION_STATE_FAILED);
  daemon_.Run({"evaluations", "delete", "--before", "2026-01-31"});
  EXPECT_NEAR(requests()[2].finished_before().seconds(), 1'769'817'600, 86'400);
  daemon_.Run({"evaluations", "delete", "--state", "cancelled"});
  EXPECT_FALSE(requests()[3].has_finished_before());
}

TEST_F(DeleteEvaluationsTest, ADryRunShowsWhatWouldBeDeleted) {
  const CliResult result = daemon_.Run({"evaluations", "delete", "--state", "failed", "--dry-run"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_TRUE(requests()[0].dry_run());
  EXPECT_THAT(result.out, HasSubstr("e1  failed  -      night[2Jly       48\n"));
  EXPECT_THAT(result.out, HasSubstr("would delete 1 evaluation, about 3.0 MiB"));
  EXPECT_THAT(result.out, HasSubstr("2 results that had not reached MLflow would be dropped"));
}

TEST_F(DeleteEvaluationsTest, ATerminalIsAskedFirst) {
  CliSetting terminal{.in = "n\n", .in_is_terminal = true, .err_is_terminal = true};
  const CliResult refused = daemon_.Run({"evaluations", "delete", "e1"}, terminal);
  EXPECT_EQ(refused.code, kExitFailed);
  EXPECT_THAT(refused.err, HasSubstr("would delete 1 evaluation"));
  EXPECT_THAT(refused.err, HasSubstr("Delete for good? [y/N] nothing was deleted"));
  ASSERT_EQ(requests().size(), 1U);
  EXPECT_TRUE(requests()[0].dry_run());
  terminal.in = "Y\n";
  const CliResult agreed = daemon_.Run({"evaluations", "delete", "e1"}, terminal);
  EXPECT_EQ(agreed.code, kExitOk);
  ASSERT_EQ(requests().size(), 3U);
  EXPECT_FALSE(requests()[2].dry_run());
  terminal.in = "";
  EXPECT_EQ(daemon_.Run({"evaluations", "delete", "e1", "--yes"}, terminal).code, kExitOk);
  EXPECT_EQ(requests().size(), 4U);
}

TEST_F(DeleteEvaluationsTest, WrongOptionsAndRefusals) {
  EXPECT_EQ(daemon_.Run({"evaluations", "delete"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"evaluations", "delete", "e1", "--before", "30d"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"evaluations", "delete", "--before", "soon"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"evaluations", "delete", "--state", "running"}).code, kExitUsage);
  EXPECT_EQ(requests().size(), 0U);
  daemon_.control.refusal = {grpc::StatusCode::FAILED_PRECONDITION, "'e1' cannot be deleted"};
  const CliResult result = daemon_.Run({"evaluations", "delete", "e1"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_THAT(result.err, HasSubstr("'e1' cannot be deleted"));
}

}  // namespace
}  // namespace assay::client
