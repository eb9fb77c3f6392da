// New catalogs: what fails, what is downloaded, what is cancelled.
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "tests/registry/residency/residency_fixture.h"

namespace assay::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReloadTest : public ResidencyTest {
 protected:
  ReloadTest()
      : cache_(std::filesystem::path(testing::TempDir()) / absl::StrCat("reload_test.", getpid())) {
    std::filesystem::remove_all(cache_);
  }
  ~ReloadTest() override {
    manager_.reset();
    std::filesystem::remove_all(cache_);
  }

  // The catalog of "a" with its file in a repository that is not there yet.
  static Catalog InARepository() {
    Catalog catalog = CatalogOf({"a"});
    catalog.models[0].path = "";
    catalog.models[0].hub = HubSource{.repo = "org/name", .revision = "main", .file = "m.gguf"};
    return catalog;
  }
  void PutFile(char digit = 'a') const {
    const std::filesystem::path repo = cache_ / "models--org--name";
    const std::string commit(40, digit);
    std::filesystem::create_directories(repo / "refs");
    std::filesystem::create_directories(repo / "snapshots" / commit);
    std::ofstream(repo / "refs" / "main") << commit;
    std::ofstream(repo / "snapshots" / commit / "m.gguf") << "GGUF";
  }
  // Downloads while `downloading_`.
  FetchFn Fetch() {
    return [this](const HubSource&, const ProgressFn&, const CallContext& context) -> absl::Status {
      ++fetches_;
      while (downloading_) {
        if (context.IsDone()) return absl::CancelledError("cancelled");
        absl::SleepFor(absl::Milliseconds(1));
      }
      if (!fetched_.ok()) return fetched_;
      PutFile();
      return absl::OkStatus();
    };
  }

  const std::filesystem::path cache_;
  std::atomic<int> fetches_ = 0;
  std::atomic<bool> downloading_ = true;
  absl::Status fetched_;
};

TEST_F(ReloadTest, AnEntryThatDidNotLoadBesideTheOldOneIsTakenWhenThatGoes) {
  Make(CatalogOf({"a"}), {});
  Use("a");
  loader_.fails = "a";
  EXPECT_THAT(manager_->Reload(With(CatalogOf({"a"}), "a", "float32")).failed,
              ElementsAre(HasSubstr("a: broken file")));
  EXPECT_EQ(DtypeOf("a"), "auto");
  EXPECT_THAT(manager_->Get("a")->reason, HasSubstr("broken file"));
  loader_.fails = std::string_view();
  ASSERT_TRUE(manager_->Unload("a", absl::Seconds(5)).ok());
  EXPECT_EQ(manager_->Get("a")->entry.dtype, "float32");
  EXPECT_EQ(DtypeOf("a"), "float32");
}

TEST_F(ReloadTest, AnEntryThatWaitsGivesWayToTheNextCatalog) {
  Make(CatalogOf({"a"}), {});
  Use("a");
  loader_.fails = "a";
  (void)manager_->Reload(With(CatalogOf({"a"}), "a", "float32"));
  loader_.fails = std::string_view();
  EXPECT_THAT(manager_->Reload(CatalogOf({"a"})).failed, IsEmpty());
  ASSERT_TRUE(manager_->Unload("a", absl::Seconds(5)).ok());
  EXPECT_EQ(DtypeOf("a"), "auto");
}

TEST_F(ReloadTest, TheOldOneServesWhileItsSuccessorIsDownloaded) {
  for (const bool beside : {true, false}) {
    std::filesystem::remove_all(cache_);
    downloading_ = true;
    fetches_ = 0;
    Make(CatalogOf({"a"}),
         {.hub_cache = cache_.string(), .fetch = Fetch(), .reload_beside = beside});
    Use("a");
    std::thread reload([&] { EXPECT_THAT(manager_->Reload(InARepository()).failed, IsEmpty()); });
    ASSERT_TRUE(Becomes([&] { return fetches_ == 1; }));
    EXPECT_EQ(StateOf("a"), ModelState::kReady);
    EXPECT_TRUE(TryUse("a").ok());
    downloading_ = false;
    reload.join();
    EXPECT_TRUE(manager_->Get("a")->entry.hub.has_value());
    EXPECT_EQ(StateOf("a"), ModelState::kReady);
    EXPECT_EQ(fetches_, 1);
    manager_.reset();
  }
}

TEST_F(ReloadTest, WhatCannotBeDownloadedDoesNotCostTheOldOne) {
  downloading_ = false;
  fetched_ = absl::PermissionDeniedError("gated");
  Make(CatalogOf({"a"}), {.hub_cache = cache_.string(), .fetch = Fetch(), .reload_beside = false});
  Use("a");
  EXPECT_THAT(manager_->Reload(InARepository()).failed, ElementsAre(HasSubstr("gated")));
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  EXPECT_EQ(loader_.loads, 1);
  fetched_ = absl::OkStatus();
  ASSERT_TRUE(manager_->Unload("a", absl::Seconds(5)).ok());
  Use("a");
  EXPECT_TRUE(manager_->Get("a")->entry.hub.has_value());
}

TEST_F(ReloadTest, CancellingEndsTheDownloadAndTheOldOneServesOn) {
  for (const bool beside : {true, false}) {
    fetches_ = 0;
    Make(CatalogOf({"a"}),
         {.hub_cache = cache_.string(), .fetch = Fetch(), .reload_beside = beside});
    Use("a");
    const ReloadReport report =
        manager_->Reload(InARepository(), CallContext([this] { return fetches_ == 1; }));
    EXPECT_THAT(report.failed, ElementsAre(HasSubstr("cancelled")));
    EXPECT_EQ(StateOf("a"), ModelState::kReady);
    EXPECT_TRUE(TryUse("a").ok());
    manager_.reset();
  }
}

TEST_F(ReloadTest, CancellingEndsTheWaitForALoadInFlight) {
  for (const bool beside : {true, false}) {
    Make(CatalogOf({"a"}), {.reload_beside = beside});
    loader_.loads = 0;
    loader_.held = true;
    std::thread request([&] { EXPECT_EQ(DtypeOf("a"), "auto"); });
    ASSERT_TRUE(Becomes([&] { return loader_.loads == 1; }));
    EXPECT_THAT(
        manager_->Reload(With(CatalogOf({"a"}), "a", "float32"), CallContext([] { return true; }))
            .failed,
        ElementsAre(HasSubstr("cancelled")));
    loader_.held = false;
    request.join();
    manager_.reset();
  }
}

TEST_F(ReloadTest, AResidentModelKeepsTheNameOfWhatWasLoaded) {
  PutFile('a');
  Revisions revisions(cache_.string(), "cpu", absl::ZeroDuration());
  Make(InARepository(), {.hub_cache = cache_.string(), .revisions = &revisions});
  const ModelEntry entry = InARepository().models[0];
  EXPECT_EQ(manager_->RevisionOf(entry), "aaaaaaaaaaaa:m.gguf");
  EXPECT_EQ(manager_->Acquire("a")->revision(), "aaaaaaaaaaaa:m.gguf");
  // A pull moves the branch.
  PutFile('b');
  EXPECT_EQ(manager_->RevisionOf(entry), "aaaaaaaaaaaa:m.gguf");
  EXPECT_EQ(manager_->Acquire("a")->revision(), "aaaaaaaaaaaa:m.gguf");
  EXPECT_EQ(manager_->Get("a")->revision, "aaaaaaaaaaaa:m.gguf");
  ASSERT_TRUE(manager_->Unload("a", absl::Seconds(5)).ok());
  EXPECT_EQ(manager_->Get("a")->revision, "");
  EXPECT_EQ(manager_->RevisionOf(entry), "bbbbbbbbbbbb:m.gguf");
  EXPECT_EQ(manager_->Acquire("a")->revision(), "bbbbbbbbbbbb:m.gguf");
}

TEST_F(ReloadTest, APinnedModelThatDoesNotFitBesideItselfSaysWhatToSet) {
  Catalog catalog = CatalogOf({"a"});
  catalog.models[0].pin = true;
  Make(catalog, {.memory_budget_bytes = 150});
  Use("a");
  EXPECT_THAT(manager_->Reload(With(catalog, "a", "float32")).failed,
              ElementsAre(HasSubstr("residency.reload: memory")));
}

}  // namespace
}  // namespace assay::registry
