// Repeated work on a background thread.
#include "server/background_work.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay::server {
namespace {

TEST(BackgroundWorkTest, RequestsDuringARunReturnAtOnceAndCauseOneMoreRun) {
  std::atomic<int> runs = 0;
  absl::Notification begun;
  absl::Notification proceed;
  {
    BackgroundWork work([&] {
      if (++runs > 1) return;
      begun.Notify();
      proceed.WaitForNotification();
    });
    work.Request();
    begun.WaitForNotification();
    for (int i = 0; i < 5; ++i) work.Request();
    EXPECT_EQ(runs, 1);
    proceed.Notify();
    const absl::Time end = absl::Now() + Patience();
    while (runs < 2 && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_EQ(runs, 2);
}

TEST(BackgroundWorkTest, DestructionWaitsOnlyForTheRunInProgress) {
  std::atomic<int> ended = 0;
  absl::Notification begun;
  {
    BackgroundWork work([&] {
      if (!begun.HasBeenNotified()) begun.Notify();
      absl::SleepFor(absl::Milliseconds(50));
      ++ended;
    });
    work.Request();
    begun.WaitForNotification();
    work.Request();
  }
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace assay::server
