// Tests of the memory budget, of evictions and of keep_alive.
#include <atomic>
#include <string>
#include <thread>
#include <utility>
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
#include "tests/registry/residency/residency_fixture.h"

namespace assay::registry {
namespace {

using testing::HasSubstr;

using ManagerMemoryTest = ResidencyTest;

TEST_F(ManagerMemoryTest, EvictsTheLeastRecentlyUsedIdleModel) {
  Make(CatalogOf({"a", "b", "c"}), {.memory_budget_bytes = 250});
  Use("a");
  Use("b");
  Use("a");
  Use("c");
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  EXPECT_EQ(StateOf("b"), ModelState::kUnloaded);
  EXPECT_EQ(manager_->Get("b")->reason, "evicted to free memory for 'c'");
  EXPECT_EQ(manager_->Get("b")->evictions, 1);
  EXPECT_EQ(manager_->used_bytes(), 200);
}

TEST_F(ManagerMemoryTest, APinnedModelStaysAndALoadThatCannotFitIsRefused) {
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

TEST_F(ManagerMemoryTest, AModelLargerThanTheBudgetIsRefusedWithoutEvictions) {
  Make(CatalogOf({"a"}), {.memory_budget_bytes = 105});
  const absl::Status refused = manager_->Acquire("a").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("needs 110 bytes and at most 105"));
  EXPECT_EQ(loader_.loads, 0);
}

TEST_F(ManagerMemoryTest, ALoadWaitsUntilAServingModelIsEvicted) {
  Make(CatalogOf({"a", "b"}), {.memory_budget_bytes = 150});
  absl::StatusOr<Handle> busy = manager_->Acquire("a");
  ASSERT_TRUE(busy.ok());
  std::atomic<bool> reported = false;
  std::thread second([&] {
    EXPECT_TRUE(manager_
                    ->Acquire("b",
                              [&](const LoadStep& step) {
                                reported = reported || step.stage == "waiting for memory";
                              })
                    .ok());
  });
  AwaitState("a", ModelState::kDraining);
  // It takes no new requests and finishes the running one.
  std::thread third([&] { Use("a"); });
  EXPECT_EQ(loader_.alive, 1);
  *busy = Handle();
  second.join();
  third.join();
  EXPECT_TRUE(reported);
  EXPECT_EQ(loader_.loads, 3);
  EXPECT_EQ(loader_.max_alive, 1);
}

TEST_F(ManagerMemoryTest, AnEvictionIsCancelledWithTheLoadThatNeedsIt) {
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

TEST_F(ManagerMemoryTest, AFailedLoadReleasesItsMemory) {
  Make(CatalogOf({"a", "b"}), {.memory_budget_bytes = 250});
  Use("a");
  loader_.fails = "b";
  EXPECT_EQ(manager_->Acquire("b").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(manager_->used_bytes(), 100);
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
}

TEST_F(ManagerMemoryTest, AReservationUnloadsIdleModelsOnly) {
  Make(CatalogOf({"a", "b"}), {.memory_budget_bytes = 250});
  Use("b");
  absl::StatusOr<Handle> busy = manager_->Acquire("a");
  ASSERT_TRUE(busy.ok());
  {
    const absl::StatusOr<Reservation> reserved = manager_->ReserveMemory(120, "a test", {});
    ASSERT_TRUE(reserved.ok()) << reserved.status();
    EXPECT_EQ(StateOf("b"), ModelState::kUnloaded);
    EXPECT_EQ(manager_->Get("b")->reason, "evicted to free memory for a test");
    EXPECT_EQ(manager_->used_bytes(), 100);
    const absl::Status full = manager_->ReserveMemory(120, "a test", {}).status();
    EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(
        std::string(full.message()),
        HasSubstr("a test may take 120 bytes, and 30 of the memory budget of 250 are free"));
    EXPECT_EQ(StateOf("a"), ModelState::kReady);
  }
  EXPECT_TRUE(manager_->ReserveMemory(120, "a test", {}).ok());
  const CallContext gone([] { return true; });
  EXPECT_EQ(manager_->ReserveMemory(200, "a test", gone).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(ManagerMemoryTest, ALoadWaitsForAReservationAndDrainsNoModelForIt) {
  Make(CatalogOf({"a", "b"}), {.memory_budget_bytes = 250});
  absl::StatusOr<Handle> busy = manager_->Acquire("a");
  ASSERT_TRUE(busy.ok());
  absl::StatusOr<Reservation> reserved = manager_->ReserveMemory(100, "a test", {});
  ASSERT_TRUE(reserved.ok()) << reserved.status();
  std::atomic<bool> waits = false;
  std::thread load([&] {
    EXPECT_TRUE(
        manager_
            ->Acquire("b", [&](const LoadStep& step) { waits = waits || step.stage != "weights"; })
            .ok());
  });
  ASSERT_TRUE(Becomes([&] { return waits.load(); }));
  // The load is first, although this would fit.
  EXPECT_EQ(manager_->ReserveMemory(10, "a test", {}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  EXPECT_EQ(loader_.loads, 1);
  *reserved = Reservation();
  load.join();
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  EXPECT_EQ(StateOf("b"), ModelState::kReady);
}

TEST_F(ManagerMemoryTest, TwentyModelsShareTheBudgetOfFive) {
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
  EXPECT_LE(loader_.max_alive, 5);
  EXPECT_LE(manager_->used_bytes(), 510);
}

TEST_F(ManagerMemoryTest, AnIdleModelIsUnloadedAfterItsKeepAlive) {
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

}  // namespace
}  // namespace assay::registry
