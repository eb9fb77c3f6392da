// assay evaluations list, get and cancel, against a scripted server.
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

}  // namespace
}  // namespace assay::client
