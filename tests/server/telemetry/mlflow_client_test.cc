// MlflowClient against a fake tracking server with faults.
#include "server/telemetry/mlflow_client.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/telemetry/fake_mlflow.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<MlflowClient> Connect(const std::string& url, http::ClientOptions options = {}) {
  auto client = MlflowClient::Create(url, std::move(options));
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

FakeMlflow::Fault FaultAt(const std::string& path_end, const http::FakeAnswer& answer) {
  return [path_end, answer](const http::FakeRequest& request) -> std::optional<http::FakeAnswer> {
    if (!request.path.ends_with(path_end)) return std::nullopt;
    return answer;
  };
}

TEST(MlflowClientTest, UploadCreatesAWholeRun) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url() + "/");
  const auto uploaded = client->Upload("exp", MakeRun("k1", 1500));
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_EQ(uploaded->run_id, "run0");
  EXPECT_EQ(uploaded->model, "smollm2");
  EXPECT_EQ(uploaded->url, mlflow.server.Url() + "/#/experiments/7/runs/run0");
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
  ASSERT_TRUE(client->Upload("exp", MakeRun("k1")).ok());
  ASSERT_TRUE(client->Upload("exp", MakeRun("k1")).ok());
  EXPECT_EQ(mlflow.Runs().size(), 1U);
  EXPECT_EQ(mlflow.server.Count("runs/create"), 1);
  EXPECT_EQ(mlflow.server.Count("runs/log-batch"), 1);
  EXPECT_EQ(mlflow.server.Count("experiments/get-by-name"), 1);
}

TEST(MlflowClientTest, ARunCreatedBeforeACrashIsCompleted) {
  FakeMlflow mlflow;
  const auto client = Connect(mlflow.server.Url());
  mlflow.SetFault(FaultAt("runs/log-batch", {503, "busy"}));
  EXPECT_EQ(client->Upload("exp", MakeRun("k1")).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(mlflow.Runs().at("run0").status, "RUNNING");
  mlflow.SetFault(nullptr);
  ASSERT_TRUE(client->Upload("exp", MakeRun("k1")).ok());
  EXPECT_EQ(mlflow.Runs().size(), 1U);
  EXPECT_EQ(mlflow.Runs().at("run0").status, "FINISHED");
  EXPECT_EQ(mlflow.Runs().at("run0").metrics.size(), 3U);
}

TEST(MlflowClientTest, AnUnsuccessfulEvaluationEndsFailed) {
  FakeMlflow mlflow;
  evaluator::TrackedRun run = MakeRun("k1");
  run.succeeded = false;
  ASSERT_TRUE(Connect(mlflow.server.Url())->Upload("exp", run).ok());
  EXPECT_EQ(mlflow.Runs().at("run0").status, "FAILED");
}

TEST(MlflowClientTest, ExperimentMadeBySomebodyElseInBetweenIsTaken) {
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
  EXPECT_EQ(Connect(mlflow.server.Url())->ExperimentId("exp").value(), "9");
}

TEST(MlflowClientTest, DeletedExperimentSaysWhatToDo) {
  FakeMlflow mlflow;
  mlflow.SetFault(FaultAt(
      "get-by-name", {200, R"({"experiment":{"experiment_id":"9","lifecycle_stage":"deleted"}})"}));
  const absl::Status status = Connect(mlflow.server.Url())->ExperimentId("exp").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(IsTransient(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("restore it"));
}

TEST(MlflowClientTest, AnswersBecomeStatuses) {
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
    const absl::Status status = Connect(mlflow.server.Url())->Upload("exp", MakeRun("k")).status();
    EXPECT_EQ(status.code(), c.code) << c.answer.status << " " << c.answer.body.substr(0, 40);
    EXPECT_EQ(IsTransient(status), c.transient) << status;
    EXPECT_LT(status.message().size(), 600U);
  }
}

TEST(MlflowClientTest, RetryAfterTravelsWithTheStatus) {
  FakeMlflow mlflow;
  mlflow.SetFault(FaultAt("get-by-name", {429, "", {{"Retry-After", "33"}}}));
  const absl::Status status = Connect(mlflow.server.Url())->ExperimentId("exp").status();
  EXPECT_EQ(RetryAfter(status), absl::Seconds(33));
  EXPECT_EQ(RetryAfter(absl::UnavailableError("x")), std::nullopt);
}

TEST(MlflowClientTest, ClientKeyThatCouldLeaveTheFilterIsRefused) {
  FakeMlflow mlflow;
  EXPECT_EQ(Connect(mlflow.server.Url())->Upload("exp", MakeRun("k' OR '1'='1")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(mlflow.server.Requests().empty());
}

TEST(MlflowClientTest, UriOfAnotherKindIsInvalidArgument) {
  for (const char* uri :
       {"", "mlruns", "file:///tmp/x", "databricks", "sqlite:///x.db", "http://"}) {
    EXPECT_EQ(MlflowClient::Create(uri, {}).status().code(), absl::StatusCode::kInvalidArgument)
        << uri;
  }
}

TEST(MlflowClientTest, CredentialsInTheUriAreUsedAndNotShown) {
  FakeMlflow mlflow;
  std::string uri = mlflow.server.Url();
  uri.insert(uri.find("//") + 2, "ada:p%40w@");
  const auto client = Connect(uri);
  ASSERT_TRUE(client->ExperimentId("exp").ok());
  EXPECT_EQ(mlflow.server.Requests().at(0).headers.find("Authorization")->second,
            "Basic YWRhOnBAdw==");
  EXPECT_THAT(client->RunUrl("1", "2"), Not(HasSubstr("ada")));
}

TEST(MlflowClientTest, ExperimentNameIsEscapedInTheQuery) {
  FakeMlflow mlflow;
  ASSERT_TRUE(Connect(mlflow.server.Url())->ExperimentId("a&b=c d/\xc3\xa4").ok());
  EXPECT_EQ(mlflow.server.Requests().at(0).headers.find("?experiment_name")->second,
            "a&b=c d/\xc3\xa4");
}

TEST(MlflowClientTest, EnvironmentNamesCredentialsAndTls) {
  setenv("MLFLOW_TRACKING_USERNAME", "u", 1);
  setenv("MLFLOW_TRACKING_PASSWORD", "p", 1);
  setenv("MLFLOW_TRACKING_TOKEN", "t", 1);
  setenv("MLFLOW_TRACKING_INSECURE_TLS", "True", 1);
  setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca.pem", 1);
  const http::ClientOptions set = HttpOptionsFromMlflowEnvironment();
  for (const char* name : {"USERNAME", "PASSWORD", "TOKEN", "INSECURE_TLS", "SERVER_CERT_PATH"}) {
    unsetenv((std::string("MLFLOW_TRACKING_") + name).c_str());
  }
  const http::ClientOptions unset = HttpOptionsFromMlflowEnvironment();
  EXPECT_EQ(set.username, "u");
  EXPECT_EQ(set.password, "p");
  EXPECT_EQ(set.bearer_token, "t");
  EXPECT_FALSE(set.verify_tls);
  EXPECT_EQ(set.ca_path, "/ca.pem");
  EXPECT_EQ(unset.username, "");
  EXPECT_TRUE(unset.verify_tls);
}

}  // namespace
}  // namespace assay::server
