// Tests reading MLflow's environment variables.
#include "server/mlflow/environment.h"

#include <cstdlib>
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<MlflowSettings> ReadWith(const std::map<std::string, std::string>& variables,
                                        const std::string& experiment = "") {
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  auto settings = ReadMlflowSettings(experiment);
  for (const auto& [name, value] : variables) unsetenv(name.c_str());
  return settings;
}

TEST(MlflowEnvironmentTest, ReadsEveryVariable) {
  const auto settings = ReadWith({{"MLFLOW_TRACKING_USERNAME", "u"},
                                  {"MLFLOW_TRACKING_PASSWORD", "p"},
                                  {"MLFLOW_TRACKING_TOKEN", "t"},
                                  {"MLFLOW_TRACKING_INSECURE_TLS", "True"},
                                  {"MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca.pem"},
                                  {"MLFLOW_TRACKING_CLIENT_CERT_PATH", "/me.pem"},
                                  {"MLFLOW_HTTP_REQUEST_TIMEOUT", "7"},
                                  {"MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0.5"},
                                  {"MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5"},
                                  {"MLFLOW_EXPERIMENT_NAME", "posts"},
                                  {"MLFLOW_RUN_ID", "outer"},
                                  {"MLFLOW_WORKSPACE", "team"},
                                  {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->http.username, "u");
  EXPECT_EQ(settings->http.password, "p");
  EXPECT_EQ(settings->http.bearer_token, "t");
  EXPECT_FALSE(settings->http.verify_tls);
  EXPECT_EQ(settings->http.ca_path, "/ca.pem");
  EXPECT_EQ(settings->http.client_cert_path, "/me.pem");
  EXPECT_EQ(settings->http.timeout, absl::Seconds(7));
  EXPECT_EQ(settings->retries.initial_backoff, absl::Milliseconds(500));
  EXPECT_EQ(settings->retries.max_retries, 5);
  EXPECT_EQ(settings->experiment, "posts");
  EXPECT_EQ(settings->parent_run_id, "outer");
  EXPECT_EQ(settings->workspace, "team");
  EXPECT_FALSE(settings->system_metrics);
}

TEST(MlflowEnvironmentTest, UsesDefaultsWithoutVariables) {
  const auto settings = ReadWith({});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->experiment, "assay");
  EXPECT_TRUE(settings->experiment_id.empty());
  EXPECT_TRUE(settings->http.verify_tls);
  EXPECT_TRUE(settings->system_metrics);
}

TEST(MlflowEnvironmentTest, ConfiguredExperimentOverridesNameOverridesId) {
  const std::map<std::string, std::string> both = {{"MLFLOW_EXPERIMENT_NAME", "name"},
                                                   {"MLFLOW_EXPERIMENT_ID", "12"}};
  EXPECT_EQ(ReadWith(both, "file")->experiment, "file");
  EXPECT_EQ(ReadWith(both)->experiment, "name");
  const auto by_id = ReadWith({{"MLFLOW_EXPERIMENT_ID", "12"}});
  EXPECT_EQ(by_id->experiment, "");
  EXPECT_EQ(by_id->experiment_id, "12");
}

TEST(MlflowEnvironmentTest, InvalidValueErrorNamesTheVariable) {
  const std::pair<const char*, const char*> cases[] = {
      {"MLFLOW_TRACKING_AWS_SIGV4", "true"},     {"MLFLOW_TRACKING_AUTH", "databricks"},
      {"MLFLOW_TRACKING_INSECURE_TLS", "maybe"}, {"MLFLOW_HTTP_REQUEST_TIMEOUT", "soon"},
      {"MLFLOW_HTTP_REQUEST_TIMEOUT", "0"},      {"MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "nan"},
      {"MLFLOW_HTTP_REQUEST_MAX_RETRIES", "-1"}, {"MLFLOW_WORKSPACE", "a\r\nX-Evil: 1"},
      {"MLFLOW_TRACKING_TOKEN", "t\n"}};
  for (const auto& [name, value] : cases) {
    const auto settings = ReadWith({{name, value}});
    EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(settings.status().message()), HasSubstr(name));
  }
}

}  // namespace
}  // namespace assay::server
