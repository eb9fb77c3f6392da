// The threads that run the handlers of calls.
#include "server/rpc/handler_threads.h"

#include <atomic>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(HandlerThreadsTest, TasksStartAtOnceOrAreRefused) {
  absl::Notification go;
  absl::BlockingCounter running(3);
  HandlerThreads threads(3);
  const auto wait = [&] {
    running.DecrementCount();
    go.WaitForNotification();
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(threads.Run(wait));
  running.Wait();
  EXPECT_FALSE(threads.Run([] { FAIL() << "a refused task ran"; }));
  go.Notify();
}

TEST(HandlerThreadsTest, ThreadsAreKeptFree) {
  absl::Notification go;
  HandlerThreads threads(3);
  const auto wait = [&] { go.WaitForNotification(); };
  EXPECT_TRUE(threads.Run(wait, /*keep_free=*/2));
  EXPECT_FALSE(threads.Run(wait, /*keep_free=*/2));
  EXPECT_TRUE(threads.Run(wait, /*keep_free=*/1));
  EXPECT_TRUE(threads.Run(wait));
  go.Notify();
}

// Threads that have ended are joined by a later task, not by one that is refused.
TEST(HandlerThreadsTest, RefusalAfterTheEndOfAThreadIsHarmless) {
  absl::Notification go;
  HandlerThreads threads(2, /*idle_time=*/absl::Milliseconds(1));
  EXPECT_TRUE(threads.Run([] {}));
  EXPECT_TRUE(threads.Run([&] { go.WaitForNotification(); }));
  absl::SleepFor(absl::Milliseconds(200));
  EXPECT_FALSE(threads.Run([] {}, /*keep_free=*/1));
  EXPECT_TRUE(threads.Run([] {}));
  go.Notify();
}

TEST(HandlerThreadsTest, ThreadsAreUsedAgain) {
  std::atomic<int> ran = 0;
  {
    HandlerThreads threads(1);
    for (int i = 0; i < 100; ++i) {
      while (!threads.Run([&] { ++ran; })) {
      }
    }
  }
  EXPECT_EQ(ran, 100);
}

}  // namespace
}  // namespace assay::server
