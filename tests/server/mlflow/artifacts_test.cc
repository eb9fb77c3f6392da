// Tests where artifacts are uploaded.
#include "server/mlflow/artifacts.h"

#include <memory>
#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/mlflow/fake_mlflow.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

class ArtifactsTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<std::string>> Upload(const std::string& uri) {
    return UploadArtifacts(
        connection_.get(), uri, run_, [](const evaluator::TrackedRun&, const std::string& name) {
          return absl::StatusOr<std::string>(name == "missing.json"
                                                 ? absl::NotFoundError("gone")
                                                 : absl::StatusOr<std::string>("bytes of " + name));
        });
  }

  FakeMlflow mlflow_;
  std::unique_ptr<MlflowConnection> connection_ =
      *MlflowConnection::Create(mlflow_.server.Url(), {}, "", {});
  evaluator::TrackedRun run_ = {.artifacts = {"report.html"}};
};

TEST_F(ArtifactsTest, UploadsBelowTheArtifactPathOfTheRun) {
  for (const char* uri :
       {"mlflow-artifacts:/7/a b/artifacts", "mlflow-artifacts:///7/a b/artifacts/",
        "mlflow-artifacts://HOST/7/a b/artifacts"}) {
    const std::string host = mlflow_.server.Url().substr(sizeof("http://") - 1);
    const auto left_out = Upload(absl::StrReplaceAll(uri, {{"HOST", host}}));
    ASSERT_TRUE(left_out.ok()) << left_out.status();
    EXPECT_THAT(*left_out, IsEmpty()) << uri;
    EXPECT_THAT(mlflow_.Artifacts(), UnorderedElementsAre(Key("7/a b/artifacts/report.html")));
  }
}

TEST_F(ArtifactsTest, LeavesOutArtifactsForOtherStores) {
  for (const char* uri : {"", "s3://bucket/7", "file:///mlruns/7", "/mlruns/7",
                          "mlflow-artifacts:", "mlflow-artifacts:/",
                          "mlflow-artifacts://elsewhere:1/7/run", "mlflow-artifacts:/7/../8"}) {
    const auto left_out = Upload(uri);
    ASSERT_TRUE(left_out.ok()) << left_out.status();
    EXPECT_EQ(left_out->size(), 1U) << uri;
  }
  EXPECT_THAT(mlflow_.Artifacts(), IsEmpty());
}

TEST_F(ArtifactsTest, ReportsAFailedFileAndUploadsTheOthers) {
  run_.artifacts = {"missing.json", "report.md"};
  const auto left_out = Upload("mlflow-artifacts:/7/run/artifacts");
  ASSERT_TRUE(left_out.ok()) << left_out.status();
  ASSERT_EQ(left_out->size(), 1U);
  EXPECT_THAT(left_out->at(0), HasSubstr("missing.json: gone"));
  EXPECT_THAT(mlflow_.Artifacts(), UnorderedElementsAre(Key("7/run/artifacts/report.md")));
}

}  // namespace
}  // namespace assay::server
