// Tests of work that is done again and again.
#include "base/periodic_task.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace assay {
namespace {

using First = PeriodicTask::First;

// Machines are shared: what takes a moment is given more.
constexpr absl::Duration kPatience = absl::Minutes(2);
constexpr absl::Duration kNever = absl::Hours(1000);

TEST(PeriodicTaskTest, RunsAgainAndAgain) {
  std::atomic<int> runs = 0;
  absl::Notification thrice;
  const PeriodicTask task(absl::Milliseconds(1), First::kAfterInterval, [&] {
    if (++runs == 3) thrice.Notify();
  });
  EXPECT_TRUE(thrice.WaitForNotificationWithTimeout(kPatience));
}

TEST(PeriodicTaskTest, RunsFirstAtOnceIfAsked) {
  absl::Notification ran;
  const PeriodicTask task(kNever, First::kAtOnce, [&] { ran.Notify(); });
  EXPECT_TRUE(ran.WaitForNotificationWithTimeout(kPatience));
}

TEST(PeriodicTaskTest, EndsWithoutARunBeforeTheFirstInterval) {
  std::atomic<int> runs = 0;
  {
    const PeriodicTask task(kNever, First::kAfterInterval, [&] { ++runs; });
  }
  EXPECT_EQ(runs, 0);
}

TEST(PeriodicTaskTest, ItsEndWaitsForRunningWork) {
  absl::Notification began;
  std::atomic<bool> ended = false;
  {
    const PeriodicTask task(kNever, First::kAtOnce, [&] {
      began.Notify();
      absl::SleepFor(absl::Milliseconds(50));
      ended = true;
    });
    ASSERT_TRUE(began.WaitForNotificationWithTimeout(kPatience));
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace assay
