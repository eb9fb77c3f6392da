// Changes of the catalog and of routes while the daemon runs.
#include "server/catalog_controller.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

registry::Catalog OneModel() {
  registry::Catalog catalog;
  catalog.models.push_back({.id = "a", .path = "/proc/self/exe"});
  return catalog;
}

class CatalogControllerTest : public testing::Test {
 protected:
  CatalogControllerTest() {
    config_.catalog_path =
        (fs::path(testing::TempDir()) / absl::StrCat("catalog_controller.", getpid(), ".yaml"))
            .string();
  }
  ~CatalogControllerTest() override { fs::remove(config_.catalog_path); }

  void WriteCatalog(const std::string& text) const { std::ofstream(config_.catalog_path) << text; }

  Config config_;
  CountingLoader loader_;
  registry::Manager manager_{OneModel(), &loader_, {}, nullptr};
  Routing routing_{&manager_, nullptr};
  ModelBreakers breakers_{{.failures = 1}};
  DaemonEvents events_{{"1", "2", "cpu"}, {}};
  CatalogController control_{config_, &manager_, &routing_, &breakers_, &events_};
};

TEST_F(CatalogControllerTest, ReloadTakesTheNewCatalogAndResetsBreakers) {
  breakers_.Admit("a")->Fail(absl::InternalError("broken"));
  ASSERT_TRUE(breakers_.Refuses("a"));
  WriteCatalog(
      "builtin: false\nmodels:\n- {id: a, source: {file: /proc/self/exe}}\n"
      "- {id: b, source: {file: /proc/self/exe}}\n");
  const auto report = control_.ReloadCatalog({});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->added, ElementsAre("b"));
  EXPECT_TRUE(events_.IsDeclared("b"));
  EXPECT_FALSE(breakers_.Refuses("a"));
}

TEST_F(CatalogControllerTest, WrongCatalogChangesNothing) {
  WriteCatalog("models: [{id: A B}]\n");
  const auto report = control_.ReloadCatalog({});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr(config_.catalog_path));
  EXPECT_THAT(manager_.catalog()->models, SizeIs(1));
}

TEST_F(CatalogControllerTest, RoutesAreAddedOrReplaced) {
  ASSERT_TRUE(control_.SetRoutes({{.content_type = "blog", .models = {"a"}}}, false).ok());
  ASSERT_TRUE(control_.SetRoutes({{.content_type = "email", .models = {"a"}}}, true).ok());
  EXPECT_THAT(routing_.set(), SizeIs(2));
  ASSERT_TRUE(control_.SetRoutes({{.content_type = "poem", .models = {"a"}}}, false).ok());
  EXPECT_THAT(routing_.set(), SizeIs(1));
  EXPECT_EQ(control_.SetRoutes({{.content_type = "poem", .models = {"nope"}}}, false).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(routing_.set(), SizeIs(1));
}

}  // namespace
}  // namespace assay::server
