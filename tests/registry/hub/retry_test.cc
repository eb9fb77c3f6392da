// Tests of retries with backoff.
#include "registry/hub/retry.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/hub/answer_errors.h"
#include "registry/hub/options.h"
#include "registry/hub/pull_control.h"

namespace assay::registry {
namespace {

using ::testing::HasSubstr;

TEST(RetryTest, WaitsLongerEachTimeAndGivesUp) {
  const HubOptions options{
      .retries = 3, .first_backoff = absl::Milliseconds(40), .max_backoff = absl::Milliseconds(80)};
  const PullControl control(absl::Minutes(1), CallContext(), nullptr);
  const absl::Status error = Transient(absl::UnavailableError("busy"));
  Retry retry(options, control);
  for (const int longest : {40, 80, 80}) {
    const absl::Time start = absl::Now();
    EXPECT_TRUE(retry.Wait(error, false).ok());
    EXPECT_GE(absl::Now() - start, absl::Milliseconds(longest / 2));
    EXPECT_LT(absl::Now() - start, absl::Milliseconds(longest + 200));
  }
  const absl::Status given_up = retry.Wait(error, false);
  EXPECT_EQ(given_up.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(given_up.message()), HasSubstr("tried 4 times"));
  // An attempt that received bytes resets the count.
  EXPECT_TRUE(retry.Wait(error, true).ok());
}

TEST(RetryTest, OtherErrorsAreNotRetried) {
  const HubOptions options;
  const PullControl control(absl::Minutes(1), CallContext(), nullptr);
  Retry retry(options, control);
  EXPECT_EQ(retry.Wait(absl::NotFoundError("x"), true), absl::NotFoundError("x"));
}

}  // namespace
}  // namespace assay::registry
