// The end of a process whose orderly stop takes too long.
#include "server/exit_timer.h"

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay::server {
namespace {

TEST(ExitTimerTest, ExpiresOnlyIfItIsNotDestroyedInTime) {
  {
    const ExitTimer timer(absl::Hours(1), [] { FAIL() << "expired"; });
  }
  absl::Notification expired;
  ExitTimer timer(absl::Hours(1), [&] { expired.Notify(); });
  EXPECT_FALSE(expired.WaitForNotificationWithTimeout(absl::Milliseconds(20)));
  timer.Shorten(absl::Milliseconds(1));
  EXPECT_TRUE(expired.WaitForNotificationWithTimeout(Patience()));
}

}  // namespace
}  // namespace assay::server
