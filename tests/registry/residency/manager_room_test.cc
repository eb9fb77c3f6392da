// Residency under a budget, keep-alive, and new catalogs.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
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

TEST_F(ResidencyTest, TheLeastRecentlyUsedIdleModelMakesRoom) {
  Make(CatalogOf({"a", "b", "c"}), {.memory_budget_bytes = 250});
  Use("a");
  Use("b");
  Use("a");
  Use("c");
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  EXPECT_EQ(StateOf("b"), ModelState::kUnloaded);
  EXPECT_EQ(manager_->Get("b")->reason, "makes room for 'c'");
  EXPECT_EQ(manager_->Get("b")->evictions, 1);
  EXPECT_EQ(manager_->used_bytes(), 200);
}

TEST_F(ResidencyTest, APinnedModelStaysAndWhatCannotFitIsRefused) {
  Catalog catalog = CatalogOf({"a", "b", "c"});
  catalog.models[0].pin = true;
  Make(std::move(catalog), {.memory_budget_bytes = 200});
  Use("a");
  const absl::Status refused = manager_->Acquire("b").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("needs 110 bytes and at most 100 of the memory budget of 200"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("pinned: a (100 bytes)"));
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
}

TEST_F(ResidencyTest, AModelLargerThanTheBudgetIsRefusedAndNothingGoesForIt) {
  Make(CatalogOf({"a"}), {.memory_budget_bytes = 105});
  const absl::Status refused = manager_->Acquire("a").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("needs 110 bytes and at most 105"));
  EXPECT_EQ(loader_.loads, 0);
}

TEST_F(ResidencyTest, ALoadWaitsForAModelThatServes) {
  Make(CatalogOf({"a", "b"}), {.memory_budget_bytes = 150});
  absl::StatusOr<Handle> busy = manager_->Acquire("a");
  ASSERT_TRUE(busy.ok());
  std::atomic<bool> told = false;
  std::thread second([&] {
    EXPECT_TRUE(manager_
                    ->Acquire("b",
                              [&](const LoadStep& step) {
                                told = told || step.stage == "waiting for memory";
                              })
                    .ok());
  });
  AwaitState("a", ModelState::kDraining);
  // It takes nobody new, and finishes what it has.
  std::thread third([&] { Use("a"); });
  EXPECT_EQ(loader_.alive, 1);
  *busy = Handle();
  second.join();
  third.join();
  EXPECT_TRUE(told);
  EXPECT_EQ(loader_.loads, 3);
  EXPECT_EQ(loader_.most_alive, 1);
}

TEST_F(ResidencyTest, WhenTheWaiterGivesUpTheModelServesOn) {
  Make(CatalogOf({"a", "b"}), {.memory_budget_bytes = 150});
  absl::StatusOr<Handle> busy = manager_->Acquire("a");
  ASSERT_TRUE(busy.ok());
  const absl::Status status =
      manager_
          ->Acquire("b", nullptr,
                    CallContext([&] { return StateOf("a") == ModelState::kDraining; }))
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  Use("a");
  EXPECT_EQ(loader_.loads, 1);
}

TEST_F(ResidencyTest, AFailedLoadLeavesTheBudgetAsItWas) {
  Make(CatalogOf({"a", "b"}), {.memory_budget_bytes = 250});
  Use("a");
  loader_.fails = "b";
  EXPECT_EQ(manager_->Acquire("b").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(manager_->used_bytes(), 100);
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
}

TEST_F(ResidencyTest, TwentyModelsShareTheBudgetOfFive) {
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(absl::StrCat("m", i));
  Make(CatalogOf(ids), {.memory_budget_bytes = 510});
  std::vector<std::thread> threads;
  std::atomic<int> served = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < 60; ++n) {
        absl::StatusOr<Handle> handle = manager_->Acquire(ids[(t * 7 + n * 3) % ids.size()]);
        ASSERT_TRUE(handle.ok()) << handle.status();
        absl::SleepFor(absl::Microseconds(300));
        ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, 8 * 60);
  EXPECT_LE(loader_.most_alive, 5);
  EXPECT_LE(manager_->used_bytes(), 510);
}

TEST_F(ResidencyTest, AnIdleModelIsUnloadedAfterItsKeepAlive) {
  Catalog catalog = CatalogOf({"a", "b", "c"});
  catalog.models[1].keep_alive = absl::InfiniteDuration();
  catalog.models[2].pin = true;
  Make(std::move(catalog), {.keep_alive = absl::Milliseconds(30)});
  absl::StatusOr<Handle> busy = manager_->Acquire("a");
  Use("b");
  Use("c");
  absl::SleepFor(absl::Milliseconds(80));
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  *busy = Handle();
  AwaitState("a", ModelState::kUnloaded);
  EXPECT_EQ(manager_->Get("a")->cause, UnloadCause::kIdle);
  EXPECT_EQ(StateOf("b"), ModelState::kReady);
  EXPECT_EQ(StateOf("c"), ModelState::kReady);
}

TEST_F(ResidencyTest, ReloadAddsAndRemoves) {
  Make(CatalogOf({"a", "b"}), {});
  absl::StatusOr<Handle> running = manager_->Acquire("a");
  ASSERT_TRUE(running.ok());
  const ReloadReport report = manager_->Reload(CatalogOf({"b", "c"}));
  EXPECT_THAT(report.added, ElementsAre("c"));
  EXPECT_THAT(report.removed, ElementsAre("a"));
  EXPECT_THAT(report.reloaded, IsEmpty());
  EXPECT_EQ(manager_->Acquire("a").status().code(), absl::StatusCode::kNotFound);
  // The request that runs keeps its model.
  EXPECT_EQ(running->model().resident_bytes(), 100);
  EXPECT_EQ(loader_.alive, 1);
  *running = Handle();
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (loader_.alive > 0 && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(loader_.alive, 0);
  EXPECT_EQ(manager_->used_bytes(), 0);
  Use("c");
}

TEST_F(ResidencyTest, AChangedModelIsLoadedBesideTheOldOne) {
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
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (loader_.alive > 1 && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(loader_.alive, 1);
  // Nobody heard of the model as anything but ready.
  EXPECT_THAT(News(), ElementsAre("a:loading", "a:ready", "a:ready"));
}

TEST_F(ResidencyTest, ToSaveMemoryAChangedModelIsUnloadedFirst) {
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
  EXPECT_EQ(loader_.most_alive, 1);
}

TEST_F(ResidencyTest, WhenTheNewOneDoesNotLoadTheOldOneServesOn) {
  Make(CatalogOf({"a"}), {});
  Use("a");
  Catalog next = CatalogOf({"a"});
  next.models[0].dtype = "float32";
  loader_.fails = "a";
  EXPECT_THAT(manager_->Reload(next).failed, ElementsAre(HasSubstr("a: broken file")));
  EXPECT_EQ(DtypeOf("a"), "auto");
}

TEST_F(ResidencyTest, WhatIsNotLoadedTakesTheNewEntryAtOnce) {
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

TEST_F(ResidencyTest, ReloadsWhileManyThreadsUseTheModels) {
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

}  // namespace
}  // namespace assay::registry
