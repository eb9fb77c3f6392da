// Tests MlflowConnection against a fake tracking server.
#include "server/mlflow/connection.h"

#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/mlflow/tracking_uri.h"
#include "tests/server/mlflow/fake_mlflow.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kExperiment[] = "experiments/get-by-name?experiment_name=x";

std::unique_ptr<MlflowConnection> Connect(const std::string& url) {
  auto connection = MlflowConnection::Create(url, {}, "", {.max_retries = 0});
  EXPECT_TRUE(connection.ok()) << connection.status();
  return *std::move(connection);
}

TEST(MlflowConnectionTest, StatusCarriesRetryAfter) {
  FakeMlflow mlflow;
  mlflow.SetFault(FaultAt("get-by-name", {429, "", {{"Retry-After", "33"}}}));
  const absl::Status status = Connect(mlflow.server.Url())->Get(kExperiment).status();
  EXPECT_EQ(RetryAfter(status), absl::Seconds(33));
  EXPECT_EQ(RetryAfter(absl::UnavailableError("x")), std::nullopt);
}

TEST(MlflowConnectionTest, RejectsUrisThatAreNotHttp) {
  for (const char* uri :
       {"", "mlruns", "file:///tmp/x", "databricks", "sqlite:///x.db", "http://"}) {
    EXPECT_EQ(MlflowConnection::Create(uri, {}, "", {}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << uri;
  }
}

TEST(MlflowConnectionTest, UsesAndHidesCredentialsInTheUri) {
  FakeMlflow mlflow;
  std::string uri = mlflow.server.Url();
  uri.insert(uri.find("//") + 2, "ada:p%40w@");
  const auto connection = Connect(uri);
  mlflow.SetFault(FaultAt("get-by-name", {403, "forbidden"}));
  const absl::Status status = connection->Get(kExperiment).status();
  EXPECT_EQ(mlflow.server.Requests().at(0).headers.find("Authorization")->second,
            "Basic YWRhOnBAdw==");
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("ada")));
  EXPECT_THAT(connection->base_url(), Not(HasSubstr("ada")));
}

TEST(MlflowConnectionTest, ErrorsOfWrongUrisHideCredentials) {
  for (const char* uri : {"ada:pw@host", "ftp://ada:pw@host", "//ada:pw@host", "https//ada:pw@host",
                          "sqlite://ada:pw@host", "http://ada:pw@host:port"}) {
    const absl::Status status = MlflowConnection::Create(uri, {}, "", {}).status();
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("pw"))) << uri;
    EXPECT_THAT(std::string(status.message()), HasSubstr("expected the address")) << uri;
  }
}

TEST(MlflowConnectionTest, AShownUriHasNoCredentials) {
  EXPECT_EQ(ShownTrackingUri(""), "");
  EXPECT_EQ(ShownTrackingUri("mlruns"), "mlruns");
  EXPECT_EQ(ShownTrackingUri("http://127.0.0.1:5000/"), "http://127.0.0.1:5000");
  EXPECT_EQ(ShownTrackingUri("https://ada:p%40w@host/prefix/"), "https://host/prefix");
}

TEST(MlflowConnectionTest, RefusedConnectionIsTransient) {
  const absl::Status refused = Connect("http://127.0.0.1:9")->Get(kExperiment).status();
  EXPECT_TRUE(IsTransient(refused)) << refused;
}

}  // namespace
}  // namespace assay::server
