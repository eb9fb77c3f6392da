// Tests of races between requests, unloads, reloads and waits for memory: no model is left
// draining, freed twice or handed out empty.
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/steady_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "tests/registry/residency/residency_fixture.h"

namespace assay::registry {
namespace {

using testing::IsEmpty;

using ResidencyRacesTest = ResidencyTest;

TEST_F(ResidencyRacesTest, AnEvictionIsCancelledWhenAnotherModelFreesTheMemory) {
  Make(CatalogOf({"old", "young", "new"}), {.memory_budget_bytes = 215}, absl::Milliseconds(300));
  absl::StatusOr<Handle> old = manager_->Acquire("old");
  absl::SleepFor(absl::Milliseconds(350));
  absl::StatusOr<Handle> young = manager_->Acquire("young");
  ASSERT_TRUE(old.ok() && young.ok());
  std::thread load([&] { Use("new"); });
  AwaitState("old", ModelState::kDraining);
  *young = Handle();
  load.join();
  EXPECT_EQ(StateOf("young"), ModelState::kUnloaded);
  EXPECT_EQ(StateOf("old"), ModelState::kReady);
  *old = Handle();
  EXPECT_TRUE(TryUse("old").ok());
}

TEST_F(ResidencyRacesTest, AnEvictionIsCancelledWhenAnUnloadFreesTheMemory) {
  Catalog catalog = CatalogOf({"a", "pinned", "new"});
  catalog.models[1].pin = true;
  Make(std::move(catalog), {.memory_budget_bytes = 215});
  Use("pinned");
  absl::StatusOr<Handle> running = manager_->Acquire("a");
  ASSERT_TRUE(running.ok());
  std::thread load([&] { Use("new"); });
  AwaitState("a", ModelState::kDraining);
  EXPECT_TRUE(manager_->Unload("pinned", absl::Seconds(20)).ok());
  load.join();
  EXPECT_EQ(StateOf("a"), ModelState::kReady);
  *running = Handle();
  EXPECT_TRUE(TryUse("a").ok());
}

TEST_F(ResidencyRacesTest, AWaiterIsNotCancelledWithTheCallerThatLoads) {
  Make(CatalogOf({"a"}), {});
  loader_.held = true;
  std::atomic<bool> cancel = false;
  absl::Notification load_cancelled;
  absl::Notification joined;
  loader_.on_cancelled = [&] {
    load_cancelled.Notify();
    joined.WaitForNotification();
  };
  std::thread first([&] {
    EXPECT_EQ(
        manager_->Acquire("a", nullptr, CallContext([&] { return cancel.load(); })).status().code(),
        absl::StatusCode::kCancelled);
  });
  ASSERT_TRUE(Becomes([&] { return loader_.loads == 1; }));
  cancel = true;
  load_cancelled.WaitForNotification();
  absl::Status second;
  std::thread waiter([&] { second = manager_->Acquire("a").status(); });
  absl::SleepFor(absl::Milliseconds(50));
  loader_.held = false;
  joined.Notify();
  first.join();
  waiter.join();
  EXPECT_TRUE(second.ok()) << second;
}

TEST_F(ResidencyRacesTest, AModelThatIsVisitedWhenItsKeepAliveEndsIsUnloadedAfterTheVisit) {
  Make(CatalogOf({"a"}), {.keep_alive = absl::Milliseconds(30)});
  Use("a");
  EXPECT_TRUE(manager_->VisitResident(
      "a", [](ResidentModel&) { absl::SleepFor(absl::Milliseconds(120)); }));
  AwaitState("a", ModelState::kUnloaded);
}

TEST_F(ResidencyRacesTest, ACancelledReloadHandsOutNoEmptyModel) {
  Make(CatalogOf({"a", "b"}), {.memory_budget_bytes = 150, .reload_beside = false});
  absl::StatusOr<Handle> running = manager_->Acquire("a");
  ASSERT_TRUE(running.ok());
  std::thread other;
  const auto cancelled = [&] {
    if (StateOf("a") != ModelState::kDraining) return false;
    // While the mutex is free, the model's requests end, and a waiter for memory frees the model.
    other = std::thread([&] { Use("b"); });
    absl::SleepFor(absl::Milliseconds(30));
    *running = Handle();
    EXPECT_TRUE(Becomes([&] { return StateOf("a") != ModelState::kDraining; }));
    return true;
  };
  (void)manager_->Reload(With(CatalogOf({"a", "b"}), "a", "float32"), CallContext(cancelled));
  other.join();
  absl::StatusOr<Handle> handle = manager_->Acquire("a");
  ASSERT_TRUE(handle.ok()) << handle.status();
  EXPECT_NE(&handle->model(), nullptr);
  EXPECT_EQ(static_cast<FakeModel&>(handle->model()).dtype, "float32");
}

TEST_F(ResidencyRacesTest, AnUnloadAndAReloadFreeAModelOnce) {
  for (int round = 0; round < 20; ++round) {
    Make(CatalogOf({"a"}), {.reload_beside = false});
    loader_.loads = 0;
    absl::StatusOr<Handle> running = manager_->Acquire("a");
    ASSERT_TRUE(running.ok());
    std::thread unload([&] { EXPECT_TRUE(manager_->Unload("a", absl::Seconds(20)).ok()); });
    AwaitState("a", ModelState::kDraining);
    std::thread reload([&] {
      EXPECT_THAT(manager_->Reload(With(CatalogOf({"a"}), "a", "float32")).failed, IsEmpty());
    });
    absl::SleepFor(absl::Milliseconds(5));
    *running = Handle();
    unload.join();
    // The unload has precedence over the reload.
    reload.join();
    EXPECT_EQ(StateOf("a"), ModelState::kUnloaded);
    EXPECT_EQ(manager_->used_bytes(), 0);
    EXPECT_EQ(DtypeOf("a"), "float32");
    EXPECT_EQ(loader_.loads, 2);
    EXPECT_EQ(manager_->used_bytes(), 100);
  }
}

TEST_F(ResidencyRacesTest, ARequestGetsTheModelThatReplacedTheOldOne) {
  // The new model fits only after the old one is unloaded. Requests must not load the old one
  // again.
  Make(CatalogOf({"a"}), {.memory_budget_bytes = 150});
  absl::StatusOr<Handle> running = manager_->Acquire("a");
  ASSERT_TRUE(running.ok());
  std::thread reload([&] {
    EXPECT_THAT(manager_->Reload(With(CatalogOf({"a"}), "a", "float32")).failed, IsEmpty());
  });
  AwaitState("a", ModelState::kDraining);
  std::thread request([&] { EXPECT_EQ(DtypeOf("a"), "float32"); });
  absl::SleepFor(absl::Milliseconds(20));
  loader_.held = true;
  *running = Handle();
  AwaitState("a", ModelState::kLoading);
  absl::SleepFor(absl::Milliseconds(20));
  loader_.held = false;
  reload.join();
  request.join();
  EXPECT_EQ(loader_.loads, 2);
}

TEST_F(ResidencyRacesTest, ALoadOfARemovedModelEnds) {
  Make(CatalogOf({"a", "b"}), {});
  loader_.held = true;
  absl::Status status;
  std::thread request([&] { status = manager_->Acquire("a").status(); });
  ASSERT_TRUE(Becomes([&] { return loader_.loads == 1; }));
  (void)manager_->Reload(CatalogOf({"b"}));
  request.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(manager_->used_bytes(), 0);
}

// After any sequence of calls, every model is either idle or unloaded, and can be acquired.
TEST_F(ResidencyRacesTest, NoModelIsLeftDrainingAfterRandomCalls) {
  const std::vector<std::string> ids = {"a", "b", "c", "d"};
  for (const bool beside : {true, false}) {
    Make(CatalogOf(ids), {.memory_budget_bytes = 235, .reload_beside = beside},
         absl::Milliseconds(3));
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        std::minstd_rand random(t + 1);
        for (int n = 0; n < 60; ++n) {
          const std::string& id = ids[random() % ids.size()];
          const auto pause = [&random] { absl::SleepFor(absl::Microseconds(random() % 3000)); };
          if (t == 0 && n % 3 == 0) {
            const char* const dtypes[] = {"float32", "bfloat16", "auto"};
            const SteadyTime end = SteadyTime::Now() + absl::Milliseconds(random() % 20);
            (void)manager_->Reload(With(CatalogOf(ids), id, dtypes[random() % 3]),
                                   CallContext::WithDeadline(end));
          } else if (random() % 8 == 0) {
            (void)manager_->Unload(id, absl::Milliseconds(random() % 4));
          } else if (random() % 4 == 0) {
            (void)TryUse(id, absl::Milliseconds(random() % 10));
          } else {
            absl::StatusOr<Handle> handle = manager_->Acquire(id);
            if (handle.ok()) {
              EXPECT_EQ(handle->model().resident_bytes(), 100);
              pause();
            } else {
              EXPECT_EQ(handle.status().code(), absl::StatusCode::kUnavailable) << handle.status();
            }
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    int resident = 0;
    for (const ModelStatus& status : manager_->List()) {
      EXPECT_NE(status.state, ModelState::kDraining) << status.entry.id;
      EXPECT_EQ(status.handles, 0);
      resident += status.state == ModelState::kReady ? 1 : 0;
    }
    EXPECT_TRUE(Becomes([&] { return loader_.alive == resident; })) << loader_.alive;
    EXPECT_EQ(manager_->used_bytes(), 100 * resident);
    for (const std::string& id : ids) EXPECT_TRUE(TryUse(id).ok()) << id;
    manager_.reset();
  }
}

}  // namespace
}  // namespace assay::registry
