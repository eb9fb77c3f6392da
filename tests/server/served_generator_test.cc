// What an evaluation is told of the models that it measures.
#include "server/served_generator.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/manager.h"
#include "registry/revision.h"
#include "server/routing.h"
#include "tests/server/counting_model.h"

namespace assay::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ServedGeneratorTest : public testing::Test {
 protected:
  ServedGeneratorTest()
      : file_(
            (fs::path(testing::TempDir()) / absl::StrCat("served_generator.", getpid())).string()),
        revisions_("", "cpu", absl::ZeroDuration()),
        manager_(CatalogOfOne(), &loader_, {.revisions = &revisions_}, nullptr),
        routing_(&manager_, nullptr),
        service_(&manager_, &routing_, &breakers_, LimitsConfig{}, {}, [](const RequestRecord&) {}),
        likelihood_(&manager_, LimitsConfig{}),
        generator_(&manager_, &service_, &likelihood_, engine::DeviceInfo{}) {
    PutFile("one");
  }
  ~ServedGeneratorTest() override { fs::remove(file_); }

  registry::Catalog CatalogOfOne() const {
    registry::Catalog catalog;
    catalog.models.push_back({.id = "a", .path = file_});
    return catalog;
  }
  void PutFile(const std::string& text) const { std::ofstream(file_) << text; }
  absl::Status Generate() {
    return generator_
        .Generate({.model = "a", .prompt = "Hello", .max_new_tokens = 2}, [] { return false; })
        .status();
  }

  const std::string file_;
  CountingLoader loader_;
  registry::Revisions revisions_;
  registry::Manager manager_;
  Routing routing_;
  ModelBreakers breakers_{BreakerConfig{}};
  GenerationService service_;
  LikelihoodService likelihood_;
  ServedGenerator generator_;
};

TEST_F(ServedGeneratorTest, TheRevisionIsThatOfWhatIsLoadedNotOfWhatIsOnTheDisk) {
  const std::string loaded = generator_.Prepare("a")->revision;
  EXPECT_THAT(loaded, HasSubstr("sha256:"));
  PutFile("a pull brought more");
  EXPECT_EQ(generator_.Prepare("a")->revision, loaded);
  EXPECT_TRUE(Generate().ok());
}

TEST_F(ServedGeneratorTest, ATextOfAnotherRevisionThanPreparedIsNoSample) {
  ASSERT_TRUE(generator_.Prepare("a").ok());
  ASSERT_TRUE(Generate().ok());
  PutFile("a pull brought more");
  ASSERT_TRUE(manager_.Unload("a", absl::Seconds(5)).ok());
  const absl::Status status = Generate();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("start a new evaluation"));
  ASSERT_TRUE(generator_.Prepare("a").ok());
  EXPECT_TRUE(Generate().ok());
}

}  // namespace
}  // namespace assay::server
