// Tests the checks of catalog and configuration together.
#include "server/config/catalog_check.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/daemon.h"
#include "tests/server/serving/counting_model.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

class CatalogCheckTest : public testing::Test {
 protected:
  CatalogCheckTest() {
    config_.catalog_path = folder_ / "models.yaml";
    config_.state_dir = folder_ / "state";
  }

  absl::StatusOr<registry::Catalog> Read(const std::string& yaml) const {
    std::ofstream(config_.catalog_path) << yaml;
    return ReadCatalog(config_);
  }
  // Returns the error message of CheckModels(). CountingLoader reports one byte per model.
  std::string Check(const std::string& yaml, int64_t budget) {
    const absl::StatusOr<registry::Catalog> catalog = Read(yaml);
    if (!catalog.ok()) return std::string(catalog.status().message());
    return std::string(CheckModels(*catalog, loader_, "", budget).message());
  }

  const TempFolder folder_;
  Config config_;
  CountingLoader loader_;
};

TEST_F(CatalogCheckTest, KnowsBuiltInAndDeclaredContentTypes) {
  const std::string yaml =
      "models:\n- id: a\n  source: {file: /proc/self/exe}\n  content_types: [TYPE]\n";
  const auto with = [&](const std::string& type) {
    std::string text = yaml;
    return Read(text.replace(text.find("TYPE"), 4, type)).status();
  };
  EXPECT_TRUE(with("twitter").ok());
  EXPECT_THAT(std::string(with("twiter").message()),
              HasSubstr("models.yaml:4: models[0].content_types: 'twiter' is not a content type "
                        "known here; did you mean 'twitter'?"));
  EXPECT_FALSE(with("poetry").ok());
  config_.evaluation.content_types.push_back({.name = "poetry"});
  EXPECT_TRUE(with("poetry").ok());
  EXPECT_THAT(KnownContentTypes(config_.evaluation), Contains("poetry"));
}

TEST_F(CatalogCheckTest, MissingDeviceErrorNamesFileAndLine) {
  const std::string error = Check(
      "models:\n- {id: a, source: {file: /proc/self/exe}}\n"
      "- {id: b, source: {file: /proc/self/exe}, device: 'cuda:97'}\n",
      0);
  EXPECT_THAT(error, HasSubstr("models.yaml:3: model 'b': device: "));
  EXPECT_THAT(error, HasSubstr("cuda:97"));
}

TEST_F(CatalogCheckTest, PinnedModelsBeyondTheBudgetAreNamed) {
  const std::string yaml =
      "models:\n- {id: a, source: {file: /proc/self/exe}, pin: true}\n"
      "- {id: b, source: {file: /proc/self/exe}}\n"
      "- {id: c, source: {file: /proc/self/exe}, pin: true}\n"
      "- {id: not_here, source: {file: /nonexistent}, pin: true}\n";
  EXPECT_EQ(Check(yaml, 0), "");
  EXPECT_EQ(Check(yaml, 2), "");
  EXPECT_THAT(Check(yaml, 1), HasSubstr("models.yaml:4: model 'c': pin: the pinned models a (1 "
                                        "bytes), c (1 bytes) need 2 bytes together"));
}

TEST_F(CatalogCheckTest, BudgetBeyondTheDeviceNamesFileAndLine) {
  const absl::StatusOr<Config> config = LoadConfig(folder_.Write(
      "assayd.yaml", "catalog: models.yaml\nstate_dir: state\nmemory_budget: 900GiB\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  engine::DeviceInfo device;
  device.name = "cpu";
  device.memory_bytes = int64_t{1} << 30;
  const absl::Status status = BudgetBytes(config->memory_budget, device).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("assayd.yaml:3: memory_budget: 966"));
  EXPECT_EQ(*BudgetBytes({.share = 0.5}, device), int64_t{1} << 29);
}

TEST_F(CatalogCheckTest, ChecksMlflowEconomicsAndFilesOfTheStateFolder) {
  std::ofstream(config_.catalog_path) << "models:\n- {id: a, source: {file: /proc/self/exe}}\n";
  EXPECT_TRUE(CheckDaemon(config_).ok()) << CheckDaemon(config_);
  config_.mlflow.tracking_uri = "file:///x";
  EXPECT_THAT(std::string(CheckDaemon(config_).message()), HasSubstr("mlflow.tracking_uri: "));
  config_.mlflow.tracking_uri.clear();
  config_.evaluation.economics.power_watts = -1;
  EXPECT_THAT(std::string(CheckDaemon(config_).message()), HasSubstr("evaluation.economics: "));
  config_.evaluation.economics.power_watts = 0;
  EXPECT_FALSE(std::filesystem::exists(config_.state_dir));
  std::filesystem::create_directories(config_.state_dir);
  folder_.Write("state/keys.json", "{}");
  EXPECT_THAT(std::string(CheckDaemon(config_).message()),
              AllOf(StartsWith("state_dir: "), HasSubstr("keys.json: keys[0]: ")));
  std::filesystem::remove(folder_ / "state/keys.json");
  config_.access.audit_log = folder_.path();
  EXPECT_THAT(std::string(CheckDaemon(config_).message()),
              StartsWith("access.audit_log: " + folder_.path()));
  config_.access.audit_log = folder_ / "state/audit.jsonl";
  folder_.Write("state/routes.json", "routes: 1");
  EXPECT_THAT(std::string(CheckDaemon(config_).message()), HasSubstr("routes.json:1: routes: "));
  std::filesystem::remove(folder_ / "state/routes.json");
  config_.evaluation.judge = "missing";
  EXPECT_THAT(std::string(CheckDaemon(config_).message()), StartsWith("evaluation.judge.model: "));
  config_.evaluation.judge.clear();
  EXPECT_TRUE(CheckDaemon(config_).ok()) << CheckDaemon(config_);
  EXPECT_TRUE(std::filesystem::is_empty(config_.state_dir));
}

}  // namespace
}  // namespace assay::server
