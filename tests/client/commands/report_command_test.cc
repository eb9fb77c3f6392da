// assay evaluations report, compare and gate, against a scripted server.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ReportCommandTest : public ::testing::Test {
 protected:
  ReportCommandTest() {
    daemon_.evaluations.chunks = {"# Repo", "rt\n"};
    v1::GateClause* clause = daemon_.evaluations.gate.add_clauses();
    clause->set_text("quality >= 6");
    clause->set_value(6.25);
    clause->set_holds(true);
    daemon_.evaluations.gate.set_passed(true);
  }

  FakeDaemon daemon_;
  const std::string path_ = absl::StrCat(::testing::TempDir(), "/assay_report_", getpid(), ".html");
};

TEST_F(ReportCommandTest, ReportGoesToStandardOutputByDefault) {
  const CliResult result = daemon_.Run({"evaluations", "report", "e1"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_EQ(result.out, "# Report\n");
  EXPECT_EQ(daemon_.evaluations.report.id(), "e1");
  EXPECT_EQ(daemon_.evaluations.report.format(), v1::REPORT_FORMAT_MARKDOWN);
}

TEST_F(ReportCommandTest, ExtensionSelectsTheFormat) {
  const CliResult result = daemon_.Run({"evaluations", "report", "e1", "-o", path_});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_EQ(daemon_.evaluations.report.format(), v1::REPORT_FORMAT_HTML);
  std::stringstream text;
  text << std::ifstream(path_).rdbuf();
  EXPECT_EQ(text.str(), "# Report\n");
  std::filesystem::remove(path_);
  daemon_.Run({"evaluations", "report", "e1", "--format", "lm-eval"});
  EXPECT_EQ(daemon_.evaluations.report.format(), v1::REPORT_FORMAT_LM_EVAL);
}

TEST_F(ReportCommandTest, UnwritableFileIsAnError) {
  const CliResult result =
      daemon_.Run({"evaluations", "report", "e1", "-o", "/no/such/folder/r.csv"});
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_THAT(result.err, HasSubstr("/no/such/folder/r.csv: cannot create"));
}

TEST_F(ReportCommandTest, GateThatPassesExitsWithZeroAndOneThatFailsWithSeven) {
  CliResult result = daemon_.Run({"evaluations", "gate", "e1", "quality >= 6"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_EQ(result.out, "holds   quality >= 6 (6.25)\ngate: passed\n");
  daemon_.evaluations.gate.set_passed(false);
  daemon_.evaluations.gate.mutable_clauses(0)->set_holds(false);
  daemon_.evaluations.gate.mutable_clauses(0)->clear_value();
  result = daemon_.Run({"evaluations", "gate", "e1", "quality >= 6"});
  EXPECT_EQ(result.code, kExitGate);
  EXPECT_EQ(result.out, "FAILS   quality >= 6 (not measured)\ngate: FAILED\n");
}

// The server checks the gate before it runs anything.
TEST_F(ReportCommandTest, GateIsSentWithTheRequest) {
  daemon_.evaluations.evaluate = [](grpc::ServerContext&, const v1::EvaluateRequest& request,
                                    Writer<v1::EvaluateResponse>&) {
    EXPECT_EQ(request.gate(), "bad");
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "gate, column 1: bad");
  };
  const CliResult result = daemon_.Run({"evaluate", "--gate", "bad"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("gate, column 1: bad"));
  EXPECT_TRUE(daemon_.evaluations.gates.empty());
}

TEST_F(ReportCommandTest, GateOnAnUnfinishedEvaluationFailsWithTheReason) {
  daemon_.evaluations.gate.set_passed(false);
  daemon_.evaluations.gate.set_reason("the evaluation was cancelled with 3 of 24 samples");
  const CliResult result = daemon_.Run({"evaluations", "gate", "e1", "quality >= 6"});
  EXPECT_EQ(result.code, kExitGate);
  EXPECT_EQ(result.out,
            "holds   quality >= 6 (6.25)\n"
            "FAILS   the evaluation was cancelled with 3 of 24 samples\n"
            "gate: FAILED\n");
}

TEST_F(ReportCommandTest, UnknownExtensionNeedsAFormat) {
  const CliResult result = daemon_.Run({"evaluations", "report", "e1", "-o", "r.pdf"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("'r.pdf': no report format has the extension .pdf"));
  const std::string path = absl::StrCat(::testing::TempDir(), "/assay_report_", getpid(), ".txt");
  EXPECT_EQ(daemon_.Run({"evaluations", "report", "e1", "--format", "csv", "-o", path}).code,
            kExitOk);
  EXPECT_EQ(daemon_.evaluations.report.format(), v1::REPORT_FORMAT_CSV);
  std::filesystem::remove(path);
}

TEST_F(ReportCommandTest, EvaluateWritesTheReportAndChecksTheGate) {
  daemon_.evaluations.evaluate = [](grpc::ServerContext&, const v1::EvaluateRequest& request,
                                    Writer<v1::EvaluateResponse>& writer) {
    EXPECT_EQ(request.replay_of(), "e0");
    EXPECT_EQ(request.order_seed(), 5U);
    v1::EvaluateResponse event;
    event.mutable_started()->set_id("e1");
    writer.Write(event);
    event.mutable_summary()->set_id("e1");
    event.mutable_summary()->set_state(v1::EVALUATION_STATE_SUCCEEDED);
    event.mutable_summary()->mutable_analysis()->add_decisions("no difference shown");
    writer.Write(event);
    return grpc::Status::OK;
  };
  daemon_.evaluations.gate.set_passed(false);
  const CliResult result = daemon_.Run({"evaluate", "--replay", "e0", "--order-seed", "5",
                                        "--report", path_, "--gate", "quality >= 9"});
  EXPECT_EQ(result.code, kExitGate);
  EXPECT_THAT(result.out, HasSubstr("no difference shown\n"));
  EXPECT_TRUE(std::filesystem::remove(path_));
  ASSERT_EQ(daemon_.evaluations.gates.size(), 1U);
  EXPECT_EQ(daemon_.evaluations.gates[0].id(), "e1");
}

TEST_F(ReportCommandTest, AnUndecidedGateHasACodeOfItsOwn) {
  v1::GateResult& gate = daemon_.evaluations.gate;
  gate.Clear();
  gate.set_outcome(v1::GATE_OUTCOME_UNDECIDED);
  gate.set_attempt(3);
  gate.set_wrong_pass(0.05);
  v1::GateClause* clause = gate.add_clauses();
  clause->set_text("b:quality - a >= -0.3 @95%");
  clause->set_outcome(v1::GATE_OUTCOME_UNDECIDED);
  clause->set_value(-0.1);
  clause->set_limit_low(-0.7);
  clause->set_limit_high(0.5);
  const CliResult result = daemon_.Run({"evaluations", "gate", "e1", "b - a >= -0.3"});
  EXPECT_EQ(result.code, kExitUndecided);
  EXPECT_EQ(result.out,
            "UNDECIDED b:quality - a >= -0.3 @95% (-0.1, confidence limits -0.7 and 0.5)\n"
            "attempt 3 at this gate; each attempt gives a wrong pass with a probability of up to 5 "
            "%\n"
            "gate: UNDECIDED\n");
  *daemon_.evaluations.comparison.mutable_gate() = gate;
  const CliResult compared = daemon_.Run({"evaluations", "compare", "e1", "e2", "--failures",
                                          "leave-out", "--gate", "candidate - baseline >= -0.3"});
  EXPECT_EQ(compared.code, kExitUndecided);
  EXPECT_THAT(compared.out, HasSubstr("gate: UNDECIDED\n"));
  EXPECT_EQ(daemon_.evaluations.compared.gate(), "candidate - baseline >= -0.3");
  EXPECT_EQ(daemon_.evaluations.compared.failures(), v1::FAILURE_POLICY_LEAVE_OUT);
}

TEST_F(ReportCommandTest, ADryRunShowsTheForecastAlone) {
  daemon_.evaluations.evaluate = [](grpc::ServerContext&, const v1::EvaluateRequest& request,
                                    Writer<v1::EvaluateResponse>& writer) {
    EXPECT_TRUE(request.forecast_only());
    EXPECT_EQ(request.detect(), 0.5);
    v1::EvaluateResponse event;
    v1::EvaluationForecast* forecast = event.mutable_forecast();
    v1::DetectableDifference* row = forecast->add_detectable();
    row->set_prompts(20);
    row->set_deviation(1.5);
    row->set_difference(0.99);
    row->set_prompts_needed(73);
    forecast->set_samples(40);
    forecast->set_seconds(90);
    forecast->set_cost_usd(0.0004);
    forecast->add_basis("all content types: the spread of 4 past comparisons");
    writer.Write(event);
    return grpc::Status::OK;
  };
  const CliResult result = daemon_.Run({"evaluate", "--dry-run", "--detect", "0.5"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("all                20    1.50        0.99              73\n"));
  EXPECT_THAT(result.out, HasSubstr("forecast: 40 samples, about "));
  EXPECT_THAT(result.out, HasSubstr("  all content types: the spread of 4 past comparisons\n"));
  EXPECT_EQ(daemon_.Run({"evaluate", "--anyway"}).code, kExitUsage);
}

TEST_F(ReportCommandTest, PlanAndReplayExcludeFlags) {
  EXPECT_EQ(daemon_.Run({"evaluate", "--plan", "p.yaml", "--model", "a"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"evaluate", "--replay", "e0", "--repeats", "2"}).code, kExitUsage);
}

TEST_F(ReportCommandTest, CompareShowsDecisionsAndATable) {
  daemon_.evaluations.comparison.add_decisions("b scores higher than a by 1.20");
  daemon_.evaluations.comparison.add_differences("max_new_tokens: 200 and 300");
  v1::Comparison* c = daemon_.evaluations.comparison.add_comparisons();
  c->set_metric("quality_score");
  c->set_candidate("b");
  c->set_n_paired(20);
  c->set_method("sign_flip_random");
  c->set_baseline_mean(6);
  c->set_candidate_mean(7.2);
  c->set_diff(1.2);
  c->set_ci_low(0.8);
  c->set_ci_high(1.6);
  c->set_p_adjusted(0.00001);
  c->set_effect_size(1.5);
  c->set_verdict(v1::VERDICT_BETTER);
  const CliResult result = daemon_.Run(
      {"evaluations", "compare", "e1", "e2", "--candidate-model", "b", "--alpha", "0.01"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("b scores higher than a by 1.20\n"
                                    "the evaluations differ: max_new_tokens: 200 and 300\n"));
  EXPECT_THAT(result.out,
              HasSubstr("quality_score  all           b             20              6"));
  EXPECT_THAT(result.out, HasSubstr("+1.2  0.8..1.6     <0.0001    1.50   better"));
  EXPECT_EQ(daemon_.evaluations.compared.candidate_model(), "b");
  EXPECT_EQ(daemon_.evaluations.compared.alpha(), 0.01);
  EXPECT_FALSE(daemon_.evaluations.compared.include_prompts());
}

TEST_F(ReportCommandTest, CompareBeginsWithTheAdviceAndShowsTheWorstPrompts) {
  v1::CompareEvaluationsResponse& reply = daemon_.evaluations.comparison;
  reply.mutable_advice()->set_action("keep a");
  reply.mutable_advice()->set_certainty("not sure");
  reply.mutable_advice()->set_next("40 prompts");
  for (int i = 0; i < 12; ++i) {
    v1::PromptDifference* row = reply.add_prompts();
    row->set_prompt_id(absl::StrCat("linkedin-", i));
    row->set_content_type("linkedin");
    row->set_baseline_score(7);
    row->set_candidate_score(4.5 + i);
    row->set_difference(-2.5 + i);
  }
  v1::Comparison* few = reply.add_comparisons();
  few->set_metric("quality_score");
  few->set_verdict(v1::VERDICT_TOO_FEW_PAIRS);
  const CliResult result = daemon_.Run({"evaluations", "compare", "e1", "e2", "--prompts"});
  EXPECT_TRUE(daemon_.evaluations.compared.include_prompts());
  EXPECT_THAT(result.out, StartsWith("What to do: keep a.\nHow sure: not sure.\n"
                                     "What would make it surer: 40 prompts.\n"));
  EXPECT_THAT(result.out, HasSubstr("linkedin-0  linkedin                7.00             4.50"
                                    "       -2.50\n"));
  EXPECT_THAT(result.out, HasSubstr("linkedin-9 "));
  EXPECT_THAT(result.out, Not(HasSubstr("linkedin-10")));
  EXPECT_THAT(result.out, HasSubstr("... and 2 more; --json has all\n"));
  EXPECT_THAT(result.out, HasSubstr("* too few prompts for evidence"));
}

class DiffCommandTest : public ::testing::Test {
 protected:
  DiffCommandTest() {
    v1::Evaluation& stored = daemon_.evaluations.stored;
    stored.set_id("e1");
    stored.mutable_analysis()->set_baseline("a");
    AddSample("b", "p1", "the slow fox");
    AddSample("a", "p1", "the quick fox");
    AddSample("a", "p2", "other");
  }
  void AddSample(const std::string& model, const std::string& prompt, const std::string& text) {
    v1::SampleResult* sample = daemon_.evaluations.stored.add_samples();
    sample->set_model(model);
    sample->set_prompt_id(prompt);
    sample->set_text(text);
    sample->set_quality_score(6.5);
  }

  FakeDaemon daemon_;
};

TEST_F(DiffCommandTest, ShowsTheBaselineFirst) {
  const CliResult columns = daemon_.Run({"evaluations", "diff", "e1", "--prompt", "p1"});
  EXPECT_EQ(columns.code, kExitOk) << columns.err;
  EXPECT_THAT(columns.out, StartsWith("a, 6.50  "));
  EXPECT_THAT(columns.out, HasSubstr(" | the slow fox\n"));
  const CliResult words = daemon_.Run({"evaluations", "diff", "e1", "--prompt", "p1", "--candidate",
                                       "b", "--candidate", "a", "--words"});
  EXPECT_THAT(words.out, HasSubstr("the [-slow-] {+quick+} fox\n"));
  const CliResult json = daemon_.Run({"--json", "evaluations", "diff", "e1", "--prompt", "p1"});
  EXPECT_THAT(json.out, StartsWith("{\"model\":\"a\""));
}

TEST_F(DiffCommandTest, UnknownPromptsAndCandidatesAreNamed) {
  const CliResult prompt = daemon_.Run({"evaluations", "diff", "e1", "--prompt", "p9"});
  EXPECT_EQ(prompt.code, kExitUsage);
  EXPECT_THAT(prompt.err, HasSubstr("no samples of a prompt 'p9'"));
  const CliResult candidate =
      daemon_.Run({"evaluations", "diff", "e1", "--prompt", "p2", "--candidate", "b"});
  EXPECT_EQ(candidate.code, kExitUsage);
  EXPECT_THAT(candidate.err, HasSubstr("no sample 0 of 'b' for p2"));
  AddSample("c", "p1", "third");
  EXPECT_THAT(daemon_.Run({"evaluations", "diff", "e1", "--prompt", "p1"}).err,
              HasSubstr("give two of b, a, c"));
}

}  // namespace
}  // namespace assay::client
