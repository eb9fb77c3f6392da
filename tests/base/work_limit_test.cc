#include "base/work_limit.h"

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay {
namespace {

// Works until the limit is reached or Patience() has passed.
absl::Status WorkOn() {
  const absl::Time end = absl::Now() + Patience();
  while (absl::Now() < end) {
    if (absl::Status status = WorkLimit::Check(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

TEST(WorkLimitTest, NoLimitIsNoError) { EXPECT_TRUE(WorkLimit::Check().ok()); }

TEST(WorkLimitTest, ProcessorTimeIsLimitedAndStaysUsedUp) {
  const CallContext call;
  {
    const WorkLimit limit(absl::Milliseconds(20), call);
    // Waiting takes no processor time.
    absl::SleepFor(absl::Milliseconds(50));
    EXPECT_TRUE(WorkLimit::Check().ok());
    for (int i = 0; i < 2; ++i) {
      const absl::Status status = WorkOn();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
      EXPECT_THAT(std::string(status.message()), testing::HasSubstr("processor time"));
    }
  }
  EXPECT_TRUE(WorkLimit::Check().ok());
}

TEST(WorkLimitTest, TheCallEndsTheWork) {
  const CallContext late = CallContext::WithTimeout(absl::Milliseconds(20));
  {
    const WorkLimit limit(absl::Seconds(100), late);
    EXPECT_EQ(WorkOn().code(), absl::StatusCode::kDeadlineExceeded);
  }
  const CallContext cancelled([] { return true; });
  const WorkLimit limit(absl::Seconds(100), cancelled);
  EXPECT_EQ(WorkOn().code(), absl::StatusCode::kCancelled);
}

TEST(WorkLimitTest, TheOutermostLimitDecides) {
  const CallContext call;
  const WorkLimit outer(absl::Milliseconds(20), call);
  {
    const WorkLimit inner(absl::Seconds(100), call);
    EXPECT_EQ(WorkOn().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(WorkLimit::Check().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay
