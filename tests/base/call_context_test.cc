// Tests of deadlines and cancellation.
#include "base/call_context.h"

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
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
  const CallContext context([&] { return cancelled; }, absl::InfinitePast());
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
  const absl::Time soon = absl::Now() + absl::Hours(1);
  EXPECT_EQ(CallContext().Until(soon).deadline(), soon);
  EXPECT_EQ(CallContext::WithDeadline(soon).Until(absl::InfiniteFuture()).deadline(), soon);
}

}  // namespace
}  // namespace assay
