// assay evaluate, against a scripted server.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

void Estimate(double mean, double low, double high, v1::Estimate* estimate) {
  estimate->set_n(2);
  estimate->set_samples(4);
  estimate->set_mean(mean);
  estimate->set_ci_low(low);
  estimate->set_ci_high(high);
}

v1::Evaluation Result() {
  v1::Evaluation result;
  result.set_mlflow_tracking_uri("http://127.0.0.1:5000");
  result.set_id("e1");
  result.set_name("nightly");
  result.set_state(v1::EVALUATION_STATE_SUCCEEDED);
  result.set_finished_samples(5);
  result.set_total_samples(5);
  // The server sends "all" first; the table puts it last.
  for (const char* type : {"", "linkedin"}) {
    v1::Summary* summary = result.add_summaries();
    summary->set_model("tiny");
    summary->set_content_type(type);
    summary->set_samples(5);
    summary->set_failures(1);
    Estimate(6.254, 5.5, 7.01, summary->mutable_quality_score());
    Estimate(812.4, 800, 820, summary->mutable_latency_ms());
    Estimate(41.7, 40, 43, summary->mutable_first_token_ms());
    Estimate(48.76, 48, 49, summary->mutable_tokens_per_second());
    Estimate(0.0000017, 0, 0, summary->mutable_cost_usd());
  }
  return result;
}

class EvaluateTest : public ::testing::Test {
 protected:
  EvaluateTest() {
    daemon_.evaluations.stored = Result();
    daemon_.evaluations.stored.add_mlflow_runs()->set_url("http://127.0.0.1:5000/#/evaluation");
    v1::MlflowRun* run = daemon_.evaluations.stored.add_mlflow_runs();
    run->set_model("tiny");
    run->set_url("http://127.0.0.1:5000/#/experiments/1/runs/abc");
    daemon_.evaluations.evaluate = [this](grpc::ServerContext&, const v1::EvaluateRequest& request,
                                          Writer<v1::EvaluateResponse>& writer) {
      seen_ = request;
      v1::EvaluateResponse event;
      event.mutable_started()->set_id("e1");
      writer.Write(event);
      event.mutable_progress()->set_finished_samples(1);
      event.mutable_progress()->set_total_samples(5);
      event.mutable_progress()->set_activity("tiny linkedin-2");
      event.mutable_progress()->set_remaining_seconds(65);
      writer.Write(event);
      event.mutable_sample()->set_model("tiny");
      event.mutable_sample()->set_prompt_id("linkedin-2");
      event.mutable_sample()->set_error("context\x1b[2J full");
      writer.Write(event);
      *event.mutable_summary() = summary_;
      writer.Write(event);
      return grpc::Status::OK;
    };
  }

  v1::Evaluation summary_ = Result();
  v1::EvaluateRequest seen_;
  FakeDaemon daemon_;
};

TEST_F(EvaluateTest, PrintsProgressFailuresTableAndRunAddresses) {
  const CliResult result = daemon_.Run({"evaluate"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("evaluation e1: succeeded, 5 of 5 samples"));
  EXPECT_THAT(result.out,
              HasSubstr("MODEL  CONTENT TYPE  PROMPTS  SAMPLES  FAILED  QUALITY      95% CI"));
  const std::string figures =
      "2        5       1     6.25  5.50..7.01         812              42   48.8  "
      "$0.0000017\n";
  EXPECT_THAT(result.out, HasSubstr("tiny   linkedin            " + figures +
                                    "tiny   all                 " + figures));
  EXPECT_THAT(result.out,
              HasSubstr("MLflow run of the evaluation: http://127.0.0.1:5000/#/evaluation\n"
                        "MLflow run of tiny: http://127.0.0.1:5000/#/experiments/1/runs/abc\n"));
  EXPECT_THAT(result.err, HasSubstr("1/5, 1m 05s left  tiny linkedin-2\n"));
  EXPECT_THAT(result.err, HasSubstr("failed: tiny linkedin-2: context[2J full\n"));
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b")));
}

TEST_F(EvaluateTest, StopsEarlyWithFiveLooksUnlessToldOtherwise) {
  v1::EarlyStop* stop = summary_.mutable_analysis()->mutable_early_stop();
  stop->set_text("stopped at look 2 of 5, 24 of 60 prompts");
  const CliResult result = daemon_.Run({"evaluate", "--stop-early"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_EQ(seen_.looks(), 5);
  EXPECT_FALSE(seen_.stop_for_futility());
  EXPECT_THAT(result.out, HasSubstr("early stopping: stopped at look 2 of 5, 24 of 60 prompts\n"));
  daemon_.Run({"evaluate", "--stop-early", "--looks", "3", "--stop-for-futility"});
  EXPECT_EQ(seen_.looks(), 3);
  EXPECT_TRUE(seen_.stop_for_futility());
  daemon_.Run({"evaluate"});
  EXPECT_EQ(seen_.looks(), 0);
  EXPECT_EQ(daemon_.Run({"evaluate", "--looks", "3"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"evaluate", "--stop-early", "--looks", "1"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"evaluate", "--stop-early", "--replay", "e0"}).code, kExitUsage);
}

TEST_F(EvaluateTest, ShowsTheAdjustedPValueOfEachContentType) {
  for (const char* type : {"", "linkedin"}) {
    v1::Comparison* c = summary_.mutable_analysis()->add_comparisons();
    c->set_metric("quality_score");
    c->set_content_type(type);
    c->set_candidate("tiny");
    c->set_method("sign_flip_exact");
    c->set_p_value(0.011);
    c->set_p_adjusted(*type == '\0' ? 0.012 : 0.034);
  }
  const CliResult result = daemon_.Run({"evaluate"});
  EXPECT_THAT(result.out, HasSubstr("P ADJUSTED"));
  EXPECT_THAT(result.out, HasSubstr("0.034"));
  EXPECT_THAT(result.out, HasSubstr("0.012"));
}

TEST_F(EvaluateTest, TerminalShowsABar) {
  const CliResult result = daemon_.Run({"evaluate"}, {.err_is_terminal = true});
  EXPECT_THAT(result.err, HasSubstr("[####....................] 1/5, 1m 05s left  tiny"));
}

TEST_F(EvaluateTest, EveryOptionReachesTheServer) {
  const std::string path = ::testing::TempDir() + "/assay_own_prompts.jsonl";
  std::ofstream(path) << R"({"id":"p","content_type":"blog","prompt":"write"})";
  daemon_.Run({"evaluate", "--model", "a", "--model", "b", "--content-type", "blog", "--prompts",
               "3", "--repeats", "2", "--max-new-tokens", "50", "--prompts-file", path, "--name",
               "mine"});
  std::remove(path.c_str());
  EXPECT_THAT(seen_.models(), ElementsAre("a", "b"));
  EXPECT_THAT(seen_.content_types(), ElementsAre("blog"));
  EXPECT_EQ(seen_.prompts_per_type(), 3);
  EXPECT_EQ(seen_.repeats(), 2);
  EXPECT_EQ(seen_.max_new_tokens(), 50);
  EXPECT_EQ(seen_.name(), "mine");
  ASSERT_EQ(seen_.prompts_size(), 1);
  EXPECT_EQ(seen_.prompts(0).prompt(), "write");
}

TEST_F(EvaluateTest, PromptsMayBeANumberAndATable) {
  daemon_.Run({"evaluate", "--prompts", "2", "--prompts", "tests/golden/tables/zstd.parquet",
               "--prompt-column", "instruction", "--prompt-limit", "7", "--prompt-seed", "3"});
  EXPECT_EQ(seen_.prompts_per_type(), 2);
  EXPECT_EQ(seen_.prompts_size(), 7);
  EXPECT_EQ(seen_.prompt_source(), "zstd.parquet (random 7 of 34, seed 3)");
  EXPECT_EQ(daemon_.Run({"evaluate", "--prompts", "-1"}).code, kExitUsage);
}

TEST_F(EvaluateTest, BadPromptsFileIsAUsageError) {
  const CliResult result = daemon_.Run({"evaluate", "--prompts-file", "/no/such"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_EQ(result.err, "assay: INVALID_ARGUMENT: /no/such: cannot be opened\n");
}

TEST_F(EvaluateTest, JsonIsOneEventPerLineAndNothingElse) {
  const CliResult result = daemon_.Run({"--json", "evaluate"});
  std::istringstream lines(result.out);
  std::vector<nlohmann::json> events;
  for (std::string line; std::getline(lines, line);) events.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0]["started"]["id"], "e1");
  EXPECT_EQ(events[1]["progress"]["finishedSamples"], 1);
  EXPECT_EQ(events[2]["sample"]["promptId"], "linkedin-2");
  EXPECT_EQ(events[3]["summary"]["summaries"][1]["qualityScore"]["ciHigh"], 7.01);
  EXPECT_FALSE(events[3]["summary"]["summaries"][0].contains("contentType"));
  EXPECT_EQ(result.err, "");
}

TEST_F(EvaluateTest, FailedEvaluationExitsWithOne) {
  summary_.set_state(v1::EVALUATION_STATE_FAILED);
  summary_.set_error("the model could not be loaded");
  const CliResult result = daemon_.Run({"evaluate", "--no-wait"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_THAT(result.err, HasSubstr("assay: FAILED: the model could not be loaded\n"));
  EXPECT_EQ(daemon_.Run({"--json", "evaluate"}).code, kExitFailed);
}

// A script must not take a cancelled evaluation for a success.
TEST_F(EvaluateTest, CancelledEvaluationExitsWithOne) {
  summary_.set_state(v1::EVALUATION_STATE_CANCELLED);
  summary_.set_finished_samples(2);
  const CliResult result = daemon_.Run({"evaluate", "--no-wait"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_THAT(result.out, HasSubstr("evaluation e1: cancelled, 2 of 5 samples"));
  daemon_.evaluations.stored = summary_;
  EXPECT_EQ(daemon_.Run({"evaluations", "get", "e1"}).code, kExitFailed);
}

TEST_F(EvaluateTest, TheResultBeginsWithTheAdviceAndEndsItsTableWithTheCost) {
  v1::Advice* advice = daemon_.evaluations.stored.mutable_analysis()->mutable_advice();
  advice->set_action("use tiny");
  advice->set_certainty("sure");
  advice->set_next("nothing");
  daemon_.evaluations.stored.mutable_cost()->set_sentence("this evaluation cost $1.00");
  const std::string out = daemon_.Run({"evaluations", "get", "e1"}).out;
  EXPECT_THAT(out, HasSubstr("samples\nWhat to do: use tiny.\nHow sure: sure.\n"
                             "What would make it surer: nothing.\n\nMODEL"));
  EXPECT_THAT(out, HasSubstr("\nthis evaluation cost $1.00\n"));
}

TEST_F(EvaluateTest, OnePromptHasNoInterval) {
  for (v1::Summary& summary : *summary_.mutable_summaries()) {
    summary.mutable_quality_score()->clear_ci_low();
    summary.mutable_quality_score()->clear_ci_high();
  }
  EXPECT_THAT(daemon_.Run({"evaluate", "--no-wait"}).out, HasSubstr("6.25       -"));
}

TEST_F(EvaluateTest, TooFewPromptsHaveWordsInPlaceOfAnInterval) {
  for (v1::Summary& summary : *summary_.mutable_summaries()) {
    summary.mutable_quality_score()->set_too_few("too few prompts (3 of 6)");
  }
  const std::string out = daemon_.Run({"evaluate", "--no-wait"}).out;
  EXPECT_THAT(out, HasSubstr("6.25       *"));
  EXPECT_THAT(out, HasSubstr("* too few prompts for evidence"));
  EXPECT_THAT(out, Not(HasSubstr("5.50..7.01")));
}

TEST_F(EvaluateTest, DetachWithAGateOrAReportIsRefused) {
  const std::string plan = ::testing::TempDir() + "/assay_gated_plan.yaml";
  std::ofstream(plan) << "models: [tiny]\ngate: quality >= 6\n";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"evaluate", "--detach", "--gate", "quality >= 6"},
        std::vector<std::string>{"evaluate", "--detach", "--plan", plan},
        std::vector<std::string>{"evaluate", "--detach", "--report", "r.html"}}) {
    const CliResult result = daemon_.Run(words);
    EXPECT_EQ(result.code, kExitUsage);
    EXPECT_THAT(result.err, HasSubstr("--detach leaves before there"));
  }
  std::remove(plan.c_str());
  EXPECT_EQ(seen_.models_size(), 0);
}

// An error after hours of work would come too late.
TEST_F(EvaluateTest, ReportOfAnUnknownFormatIsRefusedBeforeTheRun) {
  const CliResult result = daemon_.Run({"evaluate", "--name", "n", "--report", "r.pdf"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("'r.pdf': no report format has the extension .pdf; the "
                                    "extensions are .md, .html, .json, .jsonl and .csv"));
  EXPECT_EQ(seen_.name(), "");
}

TEST_F(EvaluateTest, NoWaitSkipsTheRunAddresses) {
  EXPECT_THAT(daemon_.Run({"evaluate", "--no-wait"}).out, Not(HasSubstr("MLflow run")));
}

TEST_F(EvaluateTest, InterruptWhileWaitingForRunsKeepsTheResult) {
  daemon_.evaluations.stored.clear_mlflow_runs();
  std::thread ctrl_c([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    daemon_.interrupt.Raise();
  });
  const CliResult result = daemon_.Run({"evaluate"});
  ctrl_c.join();
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("tiny   all"));
  EXPECT_THAT(result.err, HasSubstr("`assay evaluations get e1` shows them later"));
}

TEST_F(EvaluateTest, DetachPrintsTheIdAlone) {
  EXPECT_EQ(daemon_.Run({"evaluate", "--detach"}).out, "e1\n");
  EXPECT_EQ(daemon_.Run({"evaluate", "--detach"}).code, kExitOk);
}

TEST_F(EvaluateTest, InterruptDetachesWithAHint) {
  daemon_.evaluations.evaluate = [this](grpc::ServerContext& context, auto&, auto& writer) {
    v1::EvaluateResponse event;
    event.mutable_started()->set_id("e1");
    writer.Write(event);
    event.mutable_progress()->set_total_samples(5);
    writer.Write(event);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    daemon_.interrupt.Raise();
    while (!context.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return grpc::Status::CANCELLED;
  };
  const CliResult result = daemon_.Run({"evaluate"});
  EXPECT_EQ(result.code, kExitInterrupted);
  EXPECT_THAT(result.err, HasSubstr("the evaluation continues: `assay evaluations get e1`"));
}

TEST_F(EvaluateTest, BrokenStreamNamesTheCommandThatShowsTheResult) {
  daemon_.evaluations.evaluate = [](auto&, auto&, auto& writer) {
    v1::EvaluateResponse event;
    event.mutable_started()->set_id("e1");
    writer.Write(event);
    return grpc::Status(grpc::StatusCode::INTERNAL, "worker died");
  };
  const CliResult result = daemon_.Run({"evaluate"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_THAT(result.err, HasSubstr("assay: INTERNAL: worker died [request "));
  EXPECT_THAT(result.err, HasSubstr("`assay evaluations get e1`"));
}

}  // namespace
}  // namespace assay::client
