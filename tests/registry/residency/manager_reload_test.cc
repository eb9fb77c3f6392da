// Tests of reloads: new catalogs, failures, downloads and cancellation.
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "tests/patience.h"
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

  // Returns a catalog with model "a", whose file is in a repository that is not downloaded yet.
  static Catalog HubCatalog() {
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
  // The download runs while `downloading_` is true.
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

TEST_F(ReloadTest, AddsAndRemovesModels) {
  Make(CatalogOf({"a", "b"}), {});
  absl::StatusOr<Handle> running = manager_->Acquire("a");
  ASSERT_TRUE(running.ok());
  const ReloadReport report = manager_->Reload(CatalogOf({"b", "c"}));
  EXPECT_THAT(report.added, ElementsAre("c"));
  EXPECT_THAT(report.removed, ElementsAre("a"));
  EXPECT_THAT(report.reloaded, IsEmpty());
  EXPECT_EQ(manager_->Acquire("a").status().code(), absl::StatusCode::kNotFound);
  // The running request keeps its model.
  EXPECT_EQ(running->model().resident_bytes(), 100);
  EXPECT_EQ(loader_.alive, 1);
  *running = Handle();
  const absl::Time end = absl::Now() + Patience();
  while (loader_.alive > 0 && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(loader_.alive, 0);
  EXPECT_EQ(manager_->used_bytes(), 0);
  Use("c");
}

TEST_F(ReloadTest, AChangedModelIsLoadedBesideTheOldOne) {
  Make(CatalogOf({"a"}), {});
  absl::StatusOr<Handle> running = manager_->Acquire("a");
  ASSERT_TRUE(running.ok());
  Catalog next = CatalogOf({"a"});
  next.models[0].dtype = "float32";
  loader_.held = true;
  ReloadReport report;
  std::thread reload([&] { report = manager_->Reload(next); });
  while (loader_.loads < 2) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  EXPECT_EQ(DtypeOf("a"), "auto");
  loader_.held = false;
  reload.join();
  EXPECT_THAT(report.reloaded, ElementsAre("a"));
  EXPECT_THAT(report.failed, IsEmpty());
  EXPECT_EQ(DtypeOf("a"), "float32");
  EXPECT_EQ(static_cast<FakeModel&>(running->model()).dtype, "auto");
  *running = Handle();
  const absl::Time end = absl::Now() + Patience();
  while (loader_.alive > 1 && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(loader_.alive, 1);
  // The listener never sees the model in another state than ready.
  EXPECT_THAT(Events(), ElementsAre("a:loading", "a:ready", "a:ready"));
}

TEST_F(ReloadTest, WithoutReloadBesideAChangedModelIsUnloadedFirst) {
  Make(CatalogOf({"a"}), {.reload_beside = false});
  absl::StatusOr<Handle> running = manager_->Acquire("a");
  ASSERT_TRUE(running.ok());
  Catalog next = CatalogOf({"a"});
  next.models[0].dtype = "float32";
  std::thread reload([&] { EXPECT_THAT(manager_->Reload(next).failed, IsEmpty()); });
  AwaitState("a", ModelState::kDraining);
  std::thread request([&] { EXPECT_EQ(DtypeOf("a"), "float32"); });
  *running = Handle();
  reload.join();
  request.join();
  EXPECT_EQ(loader_.max_alive, 1);
}

TEST_F(ReloadTest, TheOldModelKeepsServingIfTheNewOneFailsToLoad) {
  Make(CatalogOf({"a"}), {});
  Use("a");
  Catalog next = CatalogOf({"a"});
  next.models[0].dtype = "float32";
  loader_.fails = "a";
  EXPECT_THAT(manager_->Reload(next).failed, ElementsAre(HasSubstr("a: broken file")));
  EXPECT_EQ(DtypeOf("a"), "auto");
}

TEST_F(ReloadTest, AModelThatIsNotLoadedUsesTheNewEntryAtOnce) {
  Make(CatalogOf({"a", "b"}), {});
  Use("b");
  Catalog next = CatalogOf({"a", "b"});
  next.models[0].dtype = "float32";
  next.models[1].pin = true;
  const ReloadReport report = manager_->Reload(next);
  EXPECT_THAT(report.reloaded, ElementsAre("a"));
  EXPECT_EQ(loader_.loads, 1);
  EXPECT_TRUE(manager_->Get("b")->entry.pin);
  EXPECT_EQ(DtypeOf("a"), "float32");
}

TEST_F(ReloadTest, ReloadsWhileManyThreadsUseTheModels) {
  Make(CatalogOf({"a", "b", "c"}), {.memory_budget_bytes = 250});
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int n = t; !done; ++n) {
        const absl::StatusOr<Handle> handle = manager_->Acquire(std::string(1, "abc"[n % 3]));
        ASSERT_TRUE(handle.ok()) << handle.status();
        EXPECT_EQ(handle->model().resident_bytes(), 100);
      }
    });
  }
  for (int n = 0; n < 30; ++n) {
    Catalog next = CatalogOf({"a", "b", "c"});
    next.models[n % 3].dtype = n % 2 == 0 ? "float32" : "bfloat16";
    EXPECT_THAT(manager_->Reload(next).failed, IsEmpty());
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(loader_.alive, 2);
}

TEST_F(ReloadTest, AnEntryThatFailedToLoadTakesEffectWhenTheOldModelIsUnloaded) {
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

TEST_F(ReloadTest, TheNextCatalogReplacesAPendingEntry) {
  Make(CatalogOf({"a"}), {});
  Use("a");
  loader_.fails = "a";
  (void)manager_->Reload(With(CatalogOf({"a"}), "a", "float32"));
  loader_.fails = std::string_view();
  EXPECT_THAT(manager_->Reload(CatalogOf({"a"})).failed, IsEmpty());
  ASSERT_TRUE(manager_->Unload("a", absl::Seconds(5)).ok());
  EXPECT_EQ(DtypeOf("a"), "auto");
}

TEST_F(ReloadTest, TheOldModelServesWhileItsSuccessorIsDownloaded) {
  for (const bool beside : {true, false}) {
    std::filesystem::remove_all(cache_);
    downloading_ = true;
    fetches_ = 0;
    Make(CatalogOf({"a"}),
         {.hub_cache = cache_.string(), .fetch = Fetch(), .reload_beside = beside});
    Use("a");
    std::thread reload([&] { EXPECT_THAT(manager_->Reload(HubCatalog()).failed, IsEmpty()); });
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

TEST_F(ReloadTest, AFailedDownloadKeepsTheOldModel) {
  downloading_ = false;
  fetched_ = absl::PermissionDeniedError("gated");
  Make(CatalogOf({"a"}), {.hub_cache = cache_.string(), .fetch = Fetch(), .reload_beside = false});
  Use("a");
  EXPECT_THAT(manager_->Reload(HubCatalog()).failed, ElementsAre(HasSubstr("gated")));
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  EXPECT_EQ(loader_.loads, 1);
  fetched_ = absl::OkStatus();
  ASSERT_TRUE(manager_->Unload("a", absl::Seconds(5)).ok());
  Use("a");
  EXPECT_TRUE(manager_->Get("a")->entry.hub.has_value());
}

TEST_F(ReloadTest, CancellationEndsTheDownloadAndKeepsTheOldModel) {
  for (const bool beside : {true, false}) {
    fetches_ = 0;
    Make(CatalogOf({"a"}),
         {.hub_cache = cache_.string(), .fetch = Fetch(), .reload_beside = beside});
    Use("a");
    const ReloadReport report =
        manager_->Reload(HubCatalog(), CallContext([this] { return fetches_ == 1; }));
    EXPECT_THAT(report.failed, ElementsAre(HasSubstr("cancelled")));
    EXPECT_EQ(StateOf("a"), ModelState::kReady);
    EXPECT_TRUE(TryUse("a").ok());
    manager_.reset();
  }
}

TEST_F(ReloadTest, CancellationEndsTheWaitForARunningLoad) {
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

TEST_F(ReloadTest, AResidentModelKeepsTheRevisionThatWasLoaded) {
  PutFile('a');
  Revisions revisions(cache_.string(), "cpu", absl::ZeroDuration());
  Make(HubCatalog(), {.hub_cache = cache_.string(), .revisions = &revisions});
  const ModelEntry entry = HubCatalog().models[0];
  EXPECT_EQ(manager_->RevisionOf(entry), "aaaaaaaaaaaa:m.gguf");
  EXPECT_EQ(manager_->Acquire("a")->revision(), "aaaaaaaaaaaa:m.gguf");
  // A pull moves the branch to another commit.
  PutFile('b');
  EXPECT_EQ(manager_->RevisionOf(entry), "aaaaaaaaaaaa:m.gguf");
  EXPECT_EQ(manager_->Acquire("a")->revision(), "aaaaaaaaaaaa:m.gguf");
  EXPECT_EQ(manager_->Get("a")->revision, "aaaaaaaaaaaa:m.gguf");
  ASSERT_TRUE(manager_->Unload("a", absl::Seconds(5)).ok());
  EXPECT_EQ(manager_->Get("a")->revision, "");
  EXPECT_EQ(manager_->RevisionOf(entry), "bbbbbbbbbbbb:m.gguf");
  EXPECT_EQ(manager_->Acquire("a")->revision(), "bbbbbbbbbbbb:m.gguf");
}

TEST_F(ReloadTest, APinnedModelThatDoesNotFitTwiceIsRefusedWithAdvice) {
  Catalog catalog = CatalogOf({"a"});
  catalog.models[0].pin = true;
  Make(catalog, {.memory_budget_bytes = 150});
  Use("a");
  EXPECT_THAT(manager_->Reload(With(catalog, "a", "float32")).failed,
              ElementsAre(HasSubstr("residency.reload: memory")));
}

}  // namespace
}  // namespace assay::registry
