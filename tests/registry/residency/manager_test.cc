// Tests of loading, unloading and sharing models.
#include "registry/residency/manager.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/registry/residency/fake_loader.h"

namespace assay::registry {
namespace {

using testing::HasSubstr;

class ManagerTest : public testing::Test {
 protected:
  Manager Make() {
    return {CatalogOf({"a", "b", "c"}), &loader_, {}, [this](const ModelStatus& status) {
              MutexLock lock(mutex_);
              states_.push_back(status.entry.id + ":" + std::string(ModelStateName(status.state)));
            }};
  }
  std::vector<std::string> States() {
    MutexLock lock(mutex_);
    return states_;
  }
  void AwaitLoads(int loads) {
    while (loader_.loads < loads) absl::SleepFor(absl::Milliseconds(1));
  }

  FakeLoader loader_;
  absl::Mutex mutex_;
  std::vector<std::string> states_;
};

TEST_F(ManagerTest, LoadsAModelOnceAndUnloadsIt) {
  Manager manager = Make();
  {
    absl::StatusOr<Handle> first = manager.Acquire("a");
    absl::StatusOr<Handle> second = manager.Acquire("a");
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(loader_.loads, 1);
    EXPECT_EQ(manager.Get("a")->handles, 2);
    EXPECT_EQ(manager.Get("a")->resident_bytes, 100);
  }
  EXPECT_EQ(*manager.Unload("a", absl::Seconds(1)), 100);
  EXPECT_EQ(loader_.alive, 0);
  EXPECT_THAT(States(), testing::ElementsAre("a:loading", "a:ready", "a:draining", "a:unloaded"));
  EXPECT_TRUE(manager.Acquire("a").ok());
  EXPECT_EQ(loader_.loads, 2);
}

// A fixture with a catalog of one Hub model and a cache folder for its file.
class DownloadTest : public ManagerTest {
 protected:
  DownloadTest()
      : cache_(std::filesystem::temp_directory_path() /
               ("manager_test_" + std::to_string(getpid()))) {
    entry_.id = "hub";
    entry_.hub = HubSource{.repo = "org/name", .revision = "main", .file = "m.gguf"};
  }
  ~DownloadTest() override { std::filesystem::remove_all(cache_); }

  Manager MakeWith(FetchFn fetch) {
    Catalog catalog;
    catalog.models = {entry_};
    return {std::move(catalog),
            &loader_,
            {.hub_cache = cache_.string(), .fetch = std::move(fetch)},
            [this](const ModelStatus& status) {
              MutexLock lock(mutex_);
              states_.push_back(std::string(ModelStateName(status.state)));
            }};
  }
  void PutFile() const {
    const std::filesystem::path repo = cache_ / "models--org--name";
    const std::string commit(40, 'a');
    std::filesystem::create_directories(repo / "refs");
    std::filesystem::create_directories(repo / "snapshots" / commit);
    std::ofstream(repo / "refs" / "main") << commit;
    std::ofstream(repo / "snapshots" / commit / "m.gguf") << "GGUF";
  }

  const std::filesystem::path cache_;
  ModelEntry entry_;
};

TEST_F(DownloadTest, AModelThatIsNotInTheCacheIsDownloadedOnce) {
  int fetched = 0;
  Manager manager = MakeWith(
      [&](const HubSource& source, const ProgressFn& progress, const CallContext& context) {
        ++fetched;
        EXPECT_EQ(source.repo, "org/name");
        EXPECT_FALSE(context.IsDone());
        progress({.stage = "downloading", .fraction = 0.5, .bytes_done = 1, .bytes_total = 2});
        PutFile();
        return absl::OkStatus();
      });
  std::vector<std::string> stages;
  const auto progress = [&](const LoadStep& step) {
    stages.emplace_back(step.stage);
    EXPECT_EQ(step.bytes_total, step.stage == "downloading" ? 2 : 0);
  };
  ASSERT_TRUE(manager.Acquire("hub", progress).ok());
  EXPECT_THAT(stages, testing::ElementsAre("downloading", "weights"));
  EXPECT_THAT(States(), testing::ElementsAre("loading", "downloading", "loading", "ready"));
  ASSERT_TRUE(manager.Unload("hub", absl::Seconds(1)).ok());
  ASSERT_TRUE(manager.Acquire("hub").ok());
  EXPECT_EQ(fetched, 1);
}

TEST_F(DownloadTest, AFailedDownloadBecomesTheModelsReason) {
  Manager manager = MakeWith([](const HubSource&, const ProgressFn&, const CallContext&) {
    return absl::PermissionDeniedError("org/name is gated: accept its license");
  });
  const absl::Status status = manager.Acquire("hub").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("model 'hub': org/name is gated"));
  EXPECT_EQ(manager.Get("hub")->state, ModelState::kFailed);
  EXPECT_THAT(manager.Get("hub")->reason, HasSubstr("gated"));
}

TEST_F(DownloadTest, WithoutFetchAMissingRepositoryIsNotFound) {
  Manager manager = MakeWith(nullptr);
  EXPECT_EQ(manager.Acquire("hub").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ManagerTest, UnknownModelListsTheCatalog) {
  Manager manager = Make();
  const absl::Status status = manager.Acquire("z").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a, b, c"));
}

TEST_F(ManagerTest, ConcurrentLoadsShareOneLoad) {
  Manager manager = Make();
  loader_.held = true;
  std::vector<std::thread> callers;
  std::atomic<int> ready = 0;
  std::atomic<int> progress = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back(
        [&] { ready += manager.Acquire("a", [&](const LoadStep&) { ++progress; }).ok() ? 1 : 0; });
  }
  AwaitLoads(1);
  absl::SleepFor(absl::Milliseconds(20));
  loader_.held = false;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(ready, 8);
  EXPECT_EQ(loader_.loads, 1);
  EXPECT_GE(progress, 1);
}

TEST_F(ManagerTest, AFailedLoadAffectsNoOtherModelAndIsRetried) {
  Manager manager = Make();
  ASSERT_TRUE(manager.Acquire("b").ok());
  loader_.fails = "a";
  EXPECT_EQ(manager.Acquire("a").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(manager.Get("a")->state, ModelState::kFailed);
  EXPECT_EQ(manager.Get("a")->reason, "broken file");
  EXPECT_EQ(manager.Get("b")->state, ModelState::kReady);
  loader_.fails = std::string_view();
  EXPECT_TRUE(manager.Acquire("a").ok());
}

TEST_F(ManagerTest, UnloadWaitsForHandlesUntilItsTimeout) {
  Manager manager = Make();
  absl::StatusOr<Handle> handle = manager.Acquire("a");
  ASSERT_TRUE(handle.ok());
  const absl::Status status = manager.Unload("a", absl::Milliseconds(20)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(manager.Get("a")->state, ModelState::kReady);
  std::thread unload([&] { EXPECT_TRUE(manager.Unload("a", absl::Seconds(10)).ok()); });
  while (manager.Get("a")->state != ModelState::kDraining) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(manager.Acquire("a").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(loader_.alive, 1);
  *handle = Handle();
  unload.join();
  EXPECT_EQ(loader_.alive, 0);
}

TEST_F(ManagerTest, UnloadOfAModelThatIsNotResidentIsFailedPrecondition) {
  Manager manager = Make();
  const absl::Status status = manager.Unload("a", absl::Seconds(1)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("new"));
}

TEST_F(ManagerTest, ACancelledCallerDoesNotEndTheLoadOfOthers) {
  Manager manager = Make();
  loader_.held = true;
  std::atomic<bool> cancel_first = false;
  absl::Status first;
  std::thread loader_thread([&] {
    first =
        manager.Acquire("a", nullptr, CallContext([&] { return cancel_first.load(); })).status();
  });
  AwaitLoads(1);
  absl::Status waiter;
  absl::Notification waiting;
  std::thread second([&] {
    waiting.Notify();
    waiter = manager.Acquire("a").status();
  });
  waiting.WaitForNotification();
  absl::SleepFor(absl::Milliseconds(30));
  EXPECT_EQ(manager.Acquire("a", nullptr, CallContext([] { return true; })).status().code(),
            absl::StatusCode::kCancelled);
  cancel_first = true;
  absl::SleepFor(absl::Milliseconds(20));
  loader_.held = false;
  loader_thread.join();
  second.join();
  EXPECT_TRUE(waiter.ok()) << waiter;
  EXPECT_EQ(loader_.loads, 1);
}

TEST_F(ManagerTest, ALoadWithoutCallersEnds) {
  Manager manager = Make();
  loader_.held = true;
  EXPECT_EQ(manager.Acquire("a", nullptr, CallContext([] { return true; })).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(loader_.alive, 0);
}

TEST_F(ManagerTest, ACancelledLoadIsNoFailureOfTheModel) {
  Manager manager = Make();
  loader_.held = true;
  ASSERT_EQ(manager.Acquire("a", nullptr, CallContext([] { return true; })).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(manager.Get("a")->state, ModelState::kNew);
  loader_.held = false;
  EXPECT_TRUE(manager.Acquire("a").ok());
}

TEST_F(ManagerTest, VisitsOnlyResidentModels) {
  Manager manager = Make();
  int visits = 0;
  EXPECT_FALSE(manager.VisitResident("a", [&](ResidentModel&) { ++visits; }));
  EXPECT_EQ(loader_.loads, 0);
  ASSERT_TRUE(manager.Acquire("a").ok());
  EXPECT_TRUE(manager.VisitResident("a", [&](ResidentModel&) { ++visits; }));
  EXPECT_EQ(visits, 1);
}

TEST_F(ManagerTest, ManyThreadsLoadUseAndUnload) {
  Manager manager = Make();
  std::vector<std::thread> threads;
  std::atomic<int> served = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const std::string id(1, static_cast<char>('a' + (i % 3)));
      for (int n = 0; n < 200; ++n) {
        absl::StatusOr<Handle> handle = manager.Acquire(id);
        if (handle.ok()) {
          served += handle->model().resident_bytes() == 100 ? 1 : 0;
        } else {
          EXPECT_EQ(handle.status().code(), absl::StatusCode::kUnavailable);
        }
        if (n % 20 == 0) {
          if (handle.ok()) *handle = Handle();
          manager.Unload(id, absl::Milliseconds(5)).status().IgnoreError();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(served, 100);
  for (const ModelStatus& status : manager.List()) EXPECT_EQ(status.handles, 0);
}

}  // namespace
}  // namespace assay::registry
