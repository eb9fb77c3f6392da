// Tests MlflowClient against a fake tracking server with faults.
#include "server/mlflow/client.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/mlflow/fake_mlflow.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<MlflowClient> Connect(const std::string& url, MlflowSettings settings = {},
                                      ArtifactSource artifacts = nullptr) {
  settings.retries.initial_backoff = absl::Milliseconds(10);
  if (settings.experiment_id.empty()) settings.experiment = "a&b=c d/\xc3\xa4";
  auto client = MlflowClient::Create(url, std::move(settings), std::move(artifacts));
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

TEST(MlflowClientTest, UploadCreatesACompleteRun) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url() + "/");
  const auto uploaded = client->Upload(MakeRun("k1", 1500));
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_EQ(uploaded->run.run_id, "run0");
  EXPECT_EQ(uploaded->run.model, "smollm2");
  EXPECT_EQ(uploaded->run.url, mlflow.server.Url() + "/#/experiments/7/runs/run0");
  const FakeMlflow::Run run = mlflow.Runs().at("run0");
  EXPECT_EQ(run.name, "business_test_smollm2");
  EXPECT_EQ(run.status, "FINISHED");
  EXPECT_EQ(run.end_time, 1060000);
  EXPECT_EQ(run.metrics.size(), 1500U);
  EXPECT_EQ(run.params.at("device"), "cpu");
  EXPECT_EQ(run.tags.at("stage"), "test");
  EXPECT_EQ(run.tags.at("assay.evaluation_id"), "e1");
}

TEST(MlflowClientTest, SecondUploadOfAFinishedRunChangesNothing) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  ASSERT_TRUE(client->Upload(MakeRun("k1")).ok());
  ASSERT_TRUE(client->Upload(MakeRun("k1")).ok());
  EXPECT_EQ(mlflow.Runs().size(), 1U);
  EXPECT_EQ(mlflow.server.Count("runs/create"), 1);
  EXPECT_EQ(mlflow.server.Count("runs/log-batch"), 1);
  EXPECT_EQ(mlflow.server.Count("experiments/get-by-name"), 1);
}

TEST(MlflowClientTest, AnAmendmentIsAddedToAFinishedRun) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  const evaluator::TrackedRun run = MakeRun("k1");
  ASSERT_TRUE(client->Upload(run).ok());
  evaluator::TrackedRun amendment = MakeRun("k1");
  amendment.amendment = "judgments";
  amendment.params.clear();
  amendment.metrics = {{.key = "judge/j\xc3\xbcrgen @home/win_rate", .value = 0.75}};
  for (int i = 0; i < 2; ++i) {
    const auto uploaded = client->Upload(amendment);
    ASSERT_TRUE(uploaded.ok()) << uploaded.status();
    EXPECT_EQ(uploaded->run.run_id, "run0");
  }
  const FakeMlflow::Run stored = mlflow.Runs().at("run0");
  EXPECT_EQ(stored.status, "FINISHED");
  EXPECT_EQ(stored.metrics.back().at("value"), 0.75);
  EXPECT_EQ(std::string(stored.metrics.back().at("key")).rfind("judge/j\xc3\xbcrgen _home/win", 0),
            0U);
  EXPECT_EQ(mlflow.server.Count("runs/create"), 1);
  EXPECT_EQ(mlflow.server.Count("runs/update"), 1);
}

TEST(MlflowClientTest, AnAmendmentOfADeletedRunCreatesNothing) {
  FakeMlflow mlflow;
  evaluator::TrackedRun amendment = MakeRun("k1");
  amendment.amendment = "judgments";
  const auto uploaded = Connect(mlflow.server.Url())->Upload(amendment);
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_EQ(uploaded->run.run_id, "");
  ASSERT_EQ(uploaded->left_out.size(), 1U);
  EXPECT_THAT(uploaded->left_out[0], HasSubstr("deleted"));
  EXPECT_EQ(mlflow.server.Count("runs/create"), 0);
}

TEST(MlflowClientTest, RetriesOnlyTheFailedRequestAndNeverACreation) {
  FakeMlflow mlflow;
  int faults = 2;
  mlflow.SetFault([&faults](const http::FakeRequest& request) -> std::optional<http::FakeAnswer> {
    if (!request.path.ends_with("runs/log-batch") || faults-- <= 0) return std::nullopt;
    return http::FakeAnswer{503, "busy"};
  });
  const auto client = Connect(mlflow.server.Url());
  ASSERT_TRUE(client->Upload(MakeRun("k1", 1500)).ok());
  EXPECT_EQ(mlflow.server.Count("runs/log-batch"), 4);
  EXPECT_EQ(mlflow.Runs().at("run0").metrics.size(), 1500U);
  mlflow.SetFault(FaultAt("runs/create", {503, "busy"}));
  EXPECT_FALSE(client->Upload(MakeRun("k2")).ok());
  EXPECT_EQ(mlflow.server.Count("runs/create"), 2);
}

TEST(MlflowClientTest, CompletesARunCreatedBeforeACrash) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  mlflow.SetFault(FaultAt("runs/log-batch", {503, "busy"}));
  EXPECT_EQ(client->Upload(MakeRun("k1")).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(mlflow.Runs().at("run0").status, "RUNNING");
  mlflow.SetFault(nullptr);
  ASSERT_TRUE(client->Upload(MakeRun("k1")).ok());
  EXPECT_EQ(mlflow.Runs().size(), 1U);
  EXPECT_EQ(mlflow.Runs().at("run0").status, "FINISHED");
  EXPECT_EQ(mlflow.Runs().at("run0").metrics.size(), 3U);
}

TEST(MlflowClientTest, UnsuccessfulEvaluationEndsAsFailed) {
  FakeMlflow mlflow;
  evaluator::TrackedRun run = MakeRun("k1");
  run.succeeded = false;
  ASSERT_TRUE(Connect(mlflow.server.Url())->Upload(run).ok());
  EXPECT_EQ(mlflow.Runs().at("run0").status, "FAILED");
}

TEST(MlflowClientTest, UsesAnExperimentCreatedConcurrently) {
  FakeMlflow mlflow;
  int creates = 0;
  mlflow.SetFault([&creates](const http::FakeRequest& request) -> std::optional<http::FakeAnswer> {
    if (request.path.ends_with("experiments/create")) {
      ++creates;
      return http::FakeAnswer{400,
                              R"({"error_code":"RESOURCE_ALREADY_EXISTS","message":"exists"})"};
    }
    if (request.path.ends_with("get-by-name") && creates > 0) {
      return http::FakeAnswer{200, R"({"experiment":{"experiment_id":"9"}})"};
    }
    return std::nullopt;
  });
  EXPECT_EQ(Connect(mlflow.server.Url())->ExperimentId().value(), "9");
}

TEST(MlflowClientTest, DeletedExperimentErrorSuggestsAFix) {
  FakeMlflow mlflow;
  mlflow.SetFault(FaultAt(
      "get-by-name", {200, R"({"experiment":{"experiment_id":"9","lifecycle_stage":"deleted"}})"}));
  const absl::Status status = Connect(mlflow.server.Url())->ExperimentId().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(IsTransient(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("restore it"));
}

TEST(MlflowClientTest, UploadNoticesADeletedAndARestoredExperiment) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  ASSERT_TRUE(client->Upload(MakeRun("k1")).ok());
  mlflow.SetExperimentDeleted(true);
  // The id is cached, so that the creation of the run is what fails.
  const absl::Status deleted = client->Upload(MakeRun("k2")).status();
  EXPECT_TRUE(IsExperimentGone(deleted)) << deleted;
  EXPECT_THAT(std::string(deleted.message()), HasSubstr("mlflow experiments restore -x 7"));
  EXPECT_TRUE(IsExperimentGone(client->Upload(MakeRun("k2")).status()));
  mlflow.SetExperimentDeleted(false);
  const auto restored = client->Upload(MakeRun("k2"));
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(mlflow.Runs().size(), 2U);
}

TEST(MlflowClientTest, CheckExperimentCreatesNothing) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  const ExperimentState missing = client->CheckExperiment();
  EXPECT_TRUE(missing.answered);
  EXPECT_TRUE(missing.status.ok()) << missing.status;
  EXPECT_EQ(missing.experiment_id, "");
  EXPECT_EQ(missing.tracking_uri, mlflow.server.Url());
  EXPECT_EQ(client->CheckExperiment().experiment_id, "");
  ASSERT_TRUE(client->Upload(MakeRun("k1")).ok());
  EXPECT_EQ(client->CheckExperiment().experiment_id, "7");
  mlflow.SetExperimentDeleted(true);
  const ExperimentState deleted = client->CheckExperiment();
  EXPECT_TRUE(deleted.answered);
  EXPECT_TRUE(IsExperimentGone(deleted.status)) << deleted.status;
  mlflow.SetFault(FaultAt("get-by-name", {503, "busy"}));
  const ExperimentState down = client->CheckExperiment();
  EXPECT_FALSE(down.answered);
  EXPECT_FALSE(down.status.ok());
}

TEST(MlflowClientTest, MapsAnswersToStatuses) {
  struct Case {
    http::FakeAnswer answer;
    absl::StatusCode code;
    bool transient;
  };
  const Case cases[] = {
      {{400, R"({"error_code":"INVALID_PARAMETER_VALUE","message":"no"})"},
       absl::StatusCode::kInvalidArgument,
       false},
      {{401, "who"}, absl::StatusCode::kUnauthenticated, false},
      {{403, "no"}, absl::StatusCode::kPermissionDenied, false},
      {{404, "?"}, absl::StatusCode::kNotFound, false},
      {{302, ""}, absl::StatusCode::kFailedPrecondition, false},
      {{408, ""}, absl::StatusCode::kResourceExhausted, true},
      {{429, ""}, absl::StatusCode::kResourceExhausted, true},
      {{500, "<html>"}, absl::StatusCode::kInternal, true},
      {{502, ""}, absl::StatusCode::kUnavailable, true},
      {{503, ""}, absl::StatusCode::kUnavailable, true},
      {{200, "<html>hello</html>"}, absl::StatusCode::kInternal, true},
      {{200, "[]"}, absl::StatusCode::kInternal, true},
      {{200, "{\"run\":"}, absl::StatusCode::kInternal, true},
      {{200, "{}"}, absl::StatusCode::kInternal, true},
      {{200, R"({"run":{"info":[]}})"}, absl::StatusCode::kInternal, true},
      {{200, std::string(size_t{17} << 20, 'x')}, absl::StatusCode::kOutOfRange, true},
  };
  for (const Case& c : cases) {
    FakeMlflow mlflow;
    mlflow.SetFault(FaultAt("runs/create", c.answer));
    const absl::Status status = Connect(mlflow.server.Url())->Upload(MakeRun("k")).status();
    EXPECT_EQ(status.code(), c.code) << c.answer.status << " " << c.answer.body.substr(0, 40);
    EXPECT_EQ(IsTransient(status), c.transient) << status;
    EXPECT_LT(status.message().size(), 600U);
  }
}

TEST(MlflowClientTest, RejectsClientKeysThatCouldEscapeTheFilter) {
  FakeMlflow mlflow;
  EXPECT_EQ(Connect(mlflow.server.Url())->Upload(MakeRun("k' OR '1'='1")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(mlflow.server.Count("runs/search"), 0);
}

TEST(MlflowClientTest, EscapesTheExperimentNameInTheQuery) {
  FakeMlflow mlflow;
  ASSERT_TRUE(Connect(mlflow.server.Url())->ExperimentId().ok());
  EXPECT_EQ(mlflow.server.Requests().at(0).headers.find("?experiment_name")->second,
            "a&b=c d/\xc3\xa4");
}

evaluator::TrackedRun MakeChild() {
  evaluator::TrackedRun run = MakeRun("e1/smollm2");
  run.parent = {.client_key = "e1/evaluation",
                .run_name = "evaluation_e1",
                .started_at = absl::FromUnixSeconds(990)};
  run.dataset = {.name = "prompts",
                 .digest = std::string(64, 'a'),
                 .source = "{}",
                 .profile = R"({"num_prompts":3})"};
  run.deployed = {.name = "org/smol.lm2", .key = "smollm2@abc", .params = {{"revision", "abc"}}};
  run.artifacts = {"samples.jsonl"};
  return run;
}

TEST(MlflowClientTest, NestsAModelsRunAndLogsDatasetModelAndArtifacts) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url(), {},
                              [](const evaluator::TrackedRun& run, const std::string& name) {
                                return run.model + ":" + name;
                              });
  const auto uploaded = client->Upload(MakeChild());
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_TRUE(uploaded->left_out.empty());
  const auto runs = mlflow.Runs();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs.at("run0").client_key, "e1/evaluation");
  EXPECT_EQ(runs.at("run0").status, "RUNNING");
  EXPECT_EQ(runs.at("run1").tags.at("mlflow.parentRunId"), "run0");
  ASSERT_EQ(runs.at("run1").inputs.size(), 1U);
  const nlohmann::json& inputs = runs.at("run1").inputs[0];
  EXPECT_EQ(inputs.at("models")[0].at("model_id"), "m-0");
  EXPECT_EQ(inputs.at("datasets")[0].at("dataset").at("digest"), std::string(36, 'a'));
  EXPECT_EQ(inputs.at("datasets")[0].at("tags")[0].at("value"), "evaluation");
  const auto models = mlflow.Models();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].at("name"), "org_smol_lm2");
  EXPECT_EQ(models[0].at("status"), 2);
  EXPECT_EQ(mlflow.Artifacts().at("7/run1/artifacts/samples.jsonl"), "smollm2:samples.jsonl");
}

TEST(MlflowClientTest, NextEvaluationReusesTheLoggedModel) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  ASSERT_TRUE(client->Upload(MakeChild()).ok());
  evaluator::TrackedRun next = MakeChild();
  next.client_key = "e2/smollm2";
  next.parent->client_key = "e2/evaluation";
  ASSERT_TRUE(client->Upload(next).ok());
  EXPECT_EQ(mlflow.Models().size(), 1U);
  EXPECT_EQ(mlflow.Runs().size(), 4U);
}

TEST(MlflowClientTest, ReportsServersThatDoNotServeArtifacts) {
  FakeMlflow mlflow;
  mlflow.SetArtifactRoot("s3://bucket");
  const auto client =
      Connect(mlflow.server.Url(), {},
              [](const evaluator::TrackedRun&, const std::string&) { return "bytes"; });
  const auto uploaded = client->Upload(MakeChild());
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  ASSERT_EQ(uploaded->left_out.size(), 1U);
  EXPECT_THAT(uploaded->left_out[0],
              HasSubstr("samples.jsonl: the server keeps artifacts in 's3:'"));
  EXPECT_EQ(mlflow.Runs().at("run1").tags.at("assay.artifacts_left_out"), uploaded->left_out[0]);
  EXPECT_EQ(mlflow.Runs().at("run1").status, "FINISHED");
}

TEST(MlflowClientTest, RejectedFileIsLeftOutButABusyServerIsAnError) {
  FakeMlflow mlflow;
  const auto client =
      Connect(mlflow.server.Url(), {},
              [](const evaluator::TrackedRun&, const std::string&) { return "bytes"; });
  mlflow.SetFault(FaultAt("samples.jsonl", {503, "disk full"}));
  EXPECT_EQ(client->Upload(MakeChild()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(mlflow.Runs().at("run1").status, "RUNNING");
  mlflow.SetFault(FaultAt("samples.jsonl", {413, "too large"}));
  const auto uploaded = client->Upload(MakeChild());
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  ASSERT_EQ(uploaded->left_out.size(), 1U);
  EXPECT_THAT(uploaded->left_out[0], HasSubstr("too large"));
}

// The server processes runs/create although its answer is lost, and only after the run was created
// again.
TEST(MlflowClientTest, DeletesALateDuplicateOfALostAnswer) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  mlflow.SetFault(FaultAt("runs/create", {504, "gateway timeout"}));
  EXPECT_FALSE(client->Upload(MakeRun("k1")).ok());
  mlflow.SetFault(nullptr);
  ASSERT_TRUE(client->Upload(MakeRun("k1")).ok());
  mlflow.AddRun("late", "k1");
  ASSERT_TRUE(client->DeleteDuplicates(absl::Now()).ok());
  EXPECT_EQ(mlflow.Runs().size(), 2U);
  ASSERT_TRUE(client->DeleteDuplicates(absl::Now() + client->DuplicateDelay()).ok());
  ASSERT_EQ(mlflow.Runs().size(), 1U);
  EXPECT_EQ(mlflow.Runs().begin()->second.status, "FINISHED");
}

TEST(MlflowClientTest, DeletesDuplicatesOfAnEarlierProcessOnceOneIsComplete) {
  FakeMlflow mlflow;
  mlflow.AddRun("a", "k1");
  mlflow.AddRun("b", "k1");
  const auto client = Connect(mlflow.server.Url());
  ASSERT_TRUE(client->Upload(MakeRun("k1")).ok());
  ASSERT_TRUE(client->DeleteDuplicates(absl::Now()).ok());
  ASSERT_EQ(mlflow.Runs().size(), 1U);
  EXPECT_EQ(mlflow.Runs().begin()->second.metrics.size(), 3U);
}

// A model's run is nested in the evaluation's run before that one is written. The late duplicate,
// which the server lists first, must not replace the parent.
TEST(MlflowClientTest, LateDuplicateDoesNotReplaceTheParentOfNestedRuns) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  ASSERT_TRUE(client->Upload(MakeChild()).ok());
  ASSERT_EQ(mlflow.Runs().at("run1").tags.at("mlflow.parentRunId"), "run0");
  mlflow.AddRun("late", "e1/evaluation");
  evaluator::TrackedRun parent = MakeRun("e1/evaluation");
  const auto uploaded = client->Upload(parent);
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_EQ(uploaded->run.run_id, "run0");
  ASSERT_TRUE(client->DeleteDuplicates(absl::Now() + client->DuplicateDelay()).ok());
  const auto runs = mlflow.Runs();
  EXPECT_FALSE(runs.contains("late"));
  EXPECT_EQ(runs.at("run0").status, "FINISHED");
}

TEST(MlflowClientTest, UsesExperimentParentAndWorkspaceOfTheSettings) {
  FakeMlflow mlflow;
  const auto client = Connect(
      mlflow.server.Url(), {.experiment_id = "12", .parent_run_id = "outer", .workspace = "team"});
  mlflow.SetFault(FaultAt("experiments/get", {200, R"({"experiment":{"experiment_id":"12"}})"}));
  ASSERT_TRUE(client->Upload(MakeRun("k1")).ok());
  const auto requests = mlflow.server.Requests();
  EXPECT_EQ(requests.at(0).headers.find("X-MLFLOW-WORKSPACE")->second, "team");
  EXPECT_EQ(requests.at(0).headers.find("?experiment_id")->second, "12");
  EXPECT_EQ(mlflow.Runs().at("run0").tags.at("mlflow.parentRunId"), "outer");
}

}  // namespace
}  // namespace assay::server
