// Tests of deadlines and cancellation.
#include "base/call_context.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(CallContextTest, WithoutDeadlineAndCancellationNeverEnds) {
  const CallContext context;
  EXPECT_FALSE(context.IsDone());
  EXPECT_TRUE(context.Check().ok());
}

TEST(CallContextTest, ReportsCancellationBeforeLateness) {
  bool cancelled = false;
  const CallContext context([&] { return cancelled; }, SteadyTime::InfinitePast());
  EXPECT_EQ(context.Check().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(context.IsDone());
  EXPECT_FALSE(context.IsCancelled());
  cancelled = true;
  EXPECT_EQ(context.Check().code(), absl::StatusCode::kCancelled);
}

TEST(CallContextTest, OrWhenAddsAReason) {
  bool first = false;
  bool second = false;
  const CallContext context = CallContext([&] { return first; }).OrWhen([&] { return second; });
  EXPECT_FALSE(context.IsCancelled());
  second = true;
  EXPECT_TRUE(context.IsCancelled());
  second = false;
  first = true;
  EXPECT_TRUE(context.IsCancelled());
}

TEST(CallContextTest, UntilTakesTheEarlierDeadline) {
  const SteadyTime soon = SteadyTime::Now() + absl::Hours(1);
  EXPECT_EQ(CallContext().Until(soon).deadline(), soon);
  EXPECT_EQ(CallContext::WithDeadline(soon).Until(SteadyTime::InfiniteFuture()).deadline(), soon);
}

TEST(CallContextTest, TheCallerIsKept) {
  EXPECT_EQ(CallContext().caller().id, "");
  const CallContext context = CallContext().For({.id = "a", .share = 2});
  const CallContext limited = context.Until(SteadyTime::Now()).OrWhen([] { return false; });
  EXPECT_EQ(limited.caller().id, "a");
  EXPECT_EQ(limited.caller().share, 2);
  EXPECT_TRUE(limited.IsLate());
}

}  // namespace
}  // namespace assay
